//! The server's part of a WebSocket's handshake (RFC 6455 §4.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The answer to a request for a WebSocket, and what becomes the stream once that is sent; `None`:
/// the request is for none. No extension and no protocol is agreed on.
pub(crate) fn accept(request: &mut Request) -> (Response, Option<OnUpgrade>) {
    let headers = request.headers();
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let agreed = request.method() == Method::GET
        && names(headers, &header::CONNECTION, "upgrade")
        && names(headers, &header::UPGRADE, "websocket")
        && names(headers, &header::SEC_WEBSOCKET_VERSION, "13");
    let (Some(key), true) = (key, agreed) else {
        let headers = [
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ];
        let why = "a WebSocket is spoken here (RFC 6455)\n";
        let refusal = (StatusCode::BAD_REQUEST, headers, why).into_response();
        return (refusal, None);
    };
    let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) else {
        return (StatusCode::BAD_REQUEST.into_response(), None);
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().extend([
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ]);
    (response, Some(hyper::upgrade::on(request)))
}

/// Whether one of a header's values, or of those in its lists, is this one.
fn names(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let lines = headers.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(wanted))
}
