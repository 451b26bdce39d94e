//! Refused calls in each protocol's own form.

use serde_json::json;

use super::super::request::Fault;
use super::http::HttpReply;
use super::service::{Protocol, Service};
use super::xml;

/// Writes a fault as the service's clients expect it. `resource` is the path, which S3 repeats.
pub fn write(service: &Service, fault: &Fault, request_id: &str, resource: &str) -> HttpReply {
    let sender = if fault.status < 500 { "Sender" } else { "Receiver" };
    let mut out = String::new();
    match service.protocol {
        Protocol::Query { namespace } => {
            out.push_str(&format!("<ErrorResponse xmlns=\"{namespace}\"><Error>"));
            xml::leaf(&mut out, "Type", sender);
            xml::leaf(&mut out, "Code", &fault.code);
            xml::leaf(&mut out, "Message", &fault.message);
            out.push_str("</Error>");
            xml::leaf(&mut out, "RequestId", request_id);
            out.push_str("</ErrorResponse>");
            HttpReply::status(fault.status).with_body("text/xml", out).with_header("x-amzn-requestid", request_id)
        }
        Protocol::Ec2 { .. } => {
            out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
            xml::leaf(&mut out, "Code", &fault.code);
            xml::leaf(&mut out, "Message", &fault.message);
            out.push_str("</Error></Errors>");
            xml::leaf(&mut out, "RequestID", request_id);
            out.push_str("</Response>");
            HttpReply::status(fault.status)
                .with_body("text/xml;charset=UTF-8", out)
                .with_header("x-amzn-requestid", request_id)
        }
        Protocol::Json { version, namespace, .. } => {
            let kind = if namespace.is_empty() { fault.code.clone() } else { format!("{namespace}#{}", fault.code) };
            let body = json!({"__type": kind, "message": fault.message}).to_string();
            HttpReply::status(fault.status)
                .with_body(&format!("application/x-amz-json-{version}"), body)
                .with_header("x-amzn-requestid", request_id)
        }
        Protocol::RestJson => {
            let body = json!({"message": fault.message}).to_string();
            HttpReply::status(fault.status)
                .with_body("application/json", body)
                .with_header("x-amzn-errortype", &fault.code)
                .with_header("x-amzn-requestid", request_id)
        }
        Protocol::S3 => {
            out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
            xml::leaf(&mut out, "Code", &fault.code);
            xml::leaf(&mut out, "Message", &fault.message);
            xml::leaf(&mut out, "Resource", resource);
            xml::leaf(&mut out, "RequestId", request_id);
            out.push_str("</Error>");
            HttpReply::status(fault.status)
                .with_body("application/xml", out)
                .with_header("x-amz-request-id", request_id)
        }
        Protocol::RestXml { namespace } => {
            out.push_str(&format!("<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{namespace}\"><Error>"));
            xml::leaf(&mut out, "Type", sender);
            xml::leaf(&mut out, "Code", &fault.code);
            xml::leaf(&mut out, "Message", &fault.message);
            out.push_str("</Error>");
            xml::leaf(&mut out, "RequestId", request_id);
            out.push_str("</ErrorResponse>");
            HttpReply::status(fault.status).with_body("text/xml", out).with_header("x-amzn-requestid", request_id)
        }
    }
}
