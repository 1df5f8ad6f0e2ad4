//! What a mediator answers by UDP, and what a client reads.

use std::net::SocketAddr;

use undertone_mediator::stun::answer;
use undertone_net::stun::read;

/// An answer is one, no longer than those that there are, and says where it was asked from. Read as
/// an answer, it says nothing or a place where somebody can be.
pub fn stun(input: &[u8]) {
    let transaction = input.get(8..20).and_then(|bytes| bytes.try_into().ok());
    if let Some(mapped) = transaction.and_then(|transaction| read(input, &transaction)) {
        assert!(mapped.port() != 0 && !mapped.ip().is_unspecified());
    }
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
        let transaction = request[8..20].try_into().unwrap();
        assert_eq!(read(&answer, &transaction), Some(from));
    }
}
