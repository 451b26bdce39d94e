//! AWS's wire protocols: how a call is read from HTTP and how its answer is written.
//!
//! | protocol | services | input | output |
//! |---|---|---|---|
//! | query | CloudFormation, STS, IAM, ELBv2, RDS, ElastiCache, CloudWatch | form, `member` lists | XML |
//! | EC2 query | EC2 | form, bare lists | XML, `item` lists |
//! | JSON 1.0 and 1.1 | ECS, ECR, Secrets Manager, Logs, ACM, WAF, Cloud Control | JSON, `X-Amz-Target` | JSON |
//! | REST XML | S3, Route 53 | path, query string, headers, XML | XML, headers |
//! | REST JSON | any other | path, JSON | JSON |

pub mod chunked;
pub mod fault;
pub mod form;
pub mod http;
pub mod reply;
pub mod service;
pub mod xml;

pub use http::{HttpReply, HttpRequest};
pub use service::{Handler, Lists, Protocol, Service};
