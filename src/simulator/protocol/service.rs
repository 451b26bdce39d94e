//! Which services there are, by the name in a signature's credential scope, and how each is spoken to.

use serde_json::Value;

use super::super::request::{Fault, Reply, Request};
use super::super::world::World;
use super::super::{
    acm, autoscaling, bedrock, cloudcontrol, cloudformation, ec2, ecr, ecs, elasticache, elbv2, iam, logs, rds,
    secrets, servicequotas, sns, sts, wafv2,
};
use super::http::HttpRequest;

/// How a service's messages look on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Form in, XML out.
    Query {
        /// The XML namespace of replies.
        namespace: &'static str,
    },
    /// EC2's own form of the query protocol.
    Ec2 {
        /// The XML namespace of replies.
        namespace: &'static str,
    },
    /// JSON both ways, the action in `X-Amz-Target`.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// The namespace of error types; empty where the service sends none.
        namespace: &'static str,
    },
    /// Paths, headers and JSON.
    RestJson,
    /// Paths, headers and XML.
    RestXml {
        /// The XML namespace of replies.
        namespace: &'static str,
    },
    /// S3's own form of REST XML.
    S3,
}

/// How lists are written in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// One element for the list, and in it one of this name per item.
    Wrapped(&'static str),
    /// One element for the list, and in it one per item with the name that the list's own has here, or `member`.
    Named(&'static [(&'static str, &'static str)]),
    /// One element per item, without any around them.
    Repeated,
}

/// A service handler of the protocols that name their action.
pub type ActionHandler = fn(&mut World, &Request<'_>) -> Result<Reply, Fault>;

/// What finds the action and the parameters of a request in its method and path.
pub type Router = fn(&HttpRequest) -> Option<(&'static str, Value)>;

/// What answers a service's calls.
#[derive(Debug, Clone, Copy)]
pub enum Handler {
    /// A function of action and parameters.
    Action(ActionHandler),
    /// The same, where method and path say which action it is.
    Routed(Router, ActionHandler),
    /// S3, which has its actions in method, path and query string.
    S3,
    /// Route 53, likewise.
    Route53,
    /// Nothing: every call is refused with a text that names it.
    NotModelled,
}

/// One service.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The name in the credential scope: `cloudformation`, `elasticloadbalancing`.
    pub name: &'static str,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// How its lists look in XML.
    pub lists: Lists,
    /// What answers.
    pub handler: Handler,
}

const fn query(name: &'static str, namespace: &'static str, handler: Handler) -> Service {
    Service { name, protocol: Protocol::Query { namespace }, lists: Lists::Wrapped("member"), handler }
}

const fn json(name: &'static str, version: &'static str, handler: Handler) -> Service {
    Service { name, protocol: Protocol::Json { version, namespace: "" }, lists: Lists::Repeated, handler }
}

/// Protocol, namespace and version of each service are those of its API model, as botocore ships them.
const SERVICES: &[Service] = &[
    query(
        "cloudformation",
        "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        Handler::Action(cloudformation::handle),
    ),
    query("sts", "https://sts.amazonaws.com/doc/2011-06-15/", Handler::Action(sts::handle)),
    query("iam", "https://iam.amazonaws.com/doc/2010-05-08/", Handler::Action(iam::handle)),
    query(
        "elasticloadbalancing",
        "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        Handler::Action(elbv2::handle),
    ),
    Service {
        lists: rds::LISTS,
        ..query("rds", "http://rds.amazonaws.com/doc/2014-10-31/", Handler::Action(rds::handle))
    },
    Service {
        lists: elasticache::LISTS,
        ..query("elasticache", "http://elasticache.amazonaws.com/doc/2015-02-02/", Handler::Action(elasticache::handle))
    },
    query("monitoring", "http://monitoring.amazonaws.com/doc/2010-08-01/", Handler::NotModelled),
    query("sns", "http://sns.amazonaws.com/doc/2010-03-31/", Handler::Action(sns::handle)),
    query("autoscaling", "http://autoscaling.amazonaws.com/doc/2011-01-01/", Handler::NotModelled),
    Service {
        name: "ec2",
        protocol: Protocol::Ec2 { namespace: "http://ec2.amazonaws.com/doc/2016-11-15/" },
        lists: Lists::Wrapped("item"),
        handler: Handler::Action(ec2::handle),
    },
    json("ecs", "1.1", Handler::Action(ecs::handle)),
    json("ecr", "1.1", Handler::Action(ecr::handle)),
    Service {
        name: "cloudcontrolapi",
        protocol: Protocol::Json { version: "1.0", namespace: "com.amazon.cloudapiservice" },
        lists: Lists::Repeated,
        handler: Handler::Action(cloudcontrol::handle),
    },
    json("secretsmanager", "1.1", Handler::Action(secrets::handle)),
    json("logs", "1.1", Handler::Action(logs::handle)),
    json("acm", "1.1", Handler::Action(acm::handle)),
    json("wafv2", "1.1", Handler::Action(wafv2::handle)),
    json("servicequotas", "1.1", Handler::Action(servicequotas::handle)),
    json("organizations", "1.1", Handler::NotModelled),
    json("application-autoscaling", "1.1", Handler::Action(autoscaling::handle)),
    json("kms", "1.1", Handler::NotModelled),
    json("ssm", "1.1", Handler::NotModelled),
    Service {
        name: "bedrock",
        protocol: Protocol::RestJson,
        lists: Lists::Repeated,
        handler: Handler::Routed(bedrock::action, bedrock::handle),
    },
    Service { name: "s3", protocol: Protocol::S3, lists: Lists::Repeated, handler: Handler::S3 },
    Service {
        name: "route53",
        protocol: Protocol::RestXml { namespace: "https://route53.amazonaws.com/doc/2013-04-01/" },
        lists: Lists::Repeated,
        handler: Handler::Route53,
    },
];

/// What a call to a service that is not in the table looks like, by the protocol it uses.
const OTHER_JSON: Service = json("other", "1.1", Handler::NotModelled);
const OTHER_QUERY: Service = query("other", "", Handler::NotModelled);
const OTHER_REST: Service =
    Service { name: "other", protocol: Protocol::RestJson, lists: Lists::Repeated, handler: Handler::NotModelled };

/// The service of a credential scope's name; for one that is not known, or without a name, a stand-in that speaks what the request speaks.
pub fn find(name: Option<&str>, request: &HttpRequest) -> Service {
    if let Some(service) = SERVICES.iter().find(|service| Some(service.name) == name) {
        return spoken(*service, request);
    }
    let form = request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.header("x-amz-target").is_some() {
        OTHER_JSON
    } else if form {
        OTHER_QUERY
    } else if name.is_none() {
        // A request that nobody signed and that names no action: an anonymous one to S3.
        Service { name: "s3", protocol: Protocol::S3, lists: Lists::Repeated, handler: Handler::S3 }
    } else {
        OTHER_REST
    }
}

/// Services that began with the query protocol also speak JSON, and newer clients prefer it.
fn spoken(service: Service, request: &HttpRequest) -> Service {
    let asks_json = request.header("x-amz-target").is_some();
    match service.protocol {
        Protocol::Query { .. } if asks_json => {
            Service { protocol: Protocol::Json { version: "1.0", namespace: "" }, ..service }
        }
        _ => service,
    }
}

/// The fault of a call that the simulator has no answer to.
pub fn not_modelled(service: &str, protocol: Protocol, action: &str) -> Fault {
    let message = format!("gwinfra's simulator does not model {service}:{action}");
    match protocol {
        Protocol::Query { .. } | Protocol::Ec2 { .. } => Fault::new("InvalidAction", message),
        Protocol::Json { .. } | Protocol::RestJson => Fault::new("UnknownOperationException", message),
        Protocol::RestXml { .. } | Protocol::S3 => Fault::new("NotImplemented", message).with_status(501),
    }
}

/// Marks an action that a handler does not know. The server puts the service's own words in its place.
pub fn unknown_action(request: &Request<'_>) -> Fault {
    Fault::new(UNKNOWN_ACTION, request.action)
}

/// The code by which the server knows [`unknown_action`].
pub const UNKNOWN_ACTION: &str = "gwinfra:UnknownAction";
