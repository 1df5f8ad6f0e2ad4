//! What a mediator answers by UDP.

use std::net::SocketAddr;

use undertone_mediator::stun::answer;

/// An answer is one, and no longer than those that there are.
pub fn stun(input: &[u8]) {
    for (ip, len) in [([192, 0, 2, 1], 32), ([198, 51, 100, 9], 32)] {
        check(input, (ip, 32_853).into(), len);
    }
    check(input, ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 1).into(), 44);
}

fn check(request: &[u8], from: SocketAddr, len: usize) {
    if let Some(answer) = answer(request, from) {
        assert_eq!(answer.len(), len);
        assert_eq!(answer[..2], [1, 1]);
        assert_eq!(answer[4..20], request[4..20]);
    }
}
