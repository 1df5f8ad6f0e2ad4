//! What the page needs, and how long an answer may take.

use tokio::io::{AsyncReadExt, duplex};
use tokio::time::sleep;

use super::*;
use crate::page::Asset;

/// As long as the page's largest part.
static LARGE: [u8; 200_000] = [7; 200_000];

#[test]
fn the_page_needs_nothing_that_its_policy_forbids() {
    let text_page = include_str!("../page.html");
    for forbidden in ["<script", "src=", "href=", "<link"] {
        assert!(!text_page.contains(forbidden), "{forbidden}");
    }
    let page = str::from_utf8(ASSETS[0].body).unwrap();
    for page in [text_page, page] {
        for forbidden in [
            "<style",
            "style=",
            "onload",
            "onclick",
            "http-equiv",
            "//",
            "<base",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        // No script stands in the page itself.
        for script in page.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains(" src=\"/app.js\"") && rest.starts_with("</script>"));
        }
    }
}

#[test]
fn a_part_is_of_the_program_and_copied_for_nobody() {
    for asset in &ASSETS {
        assert!(std::ptr::eq(Answer::asset(asset).body, asset.body));
    }
}

/// How long it takes to answer one who reads so many bytes a second, and how many they got.
async fn said(bytes_a_second: usize) -> (Duration, usize) {
    let (mut ours, mut theirs) = duplex(1024);
    let reading = tokio::spawn(async move {
        let (mut got, mut room) = (0, [0; 1024]);
        loop {
            sleep(Duration::from_secs(1)).await;
            for _ in 0..bytes_a_second / room.len() {
                match theirs.read(&mut room).await {
                    Ok(0) | Err(_) => return got,
                    Ok(read) => got += read,
                }
            }
        }
    });
    let start = Instant::now();
    let part = Asset {
        path: "/",
        body: &LARGE,
        fields: "",
    };
    let patience = Duration::from_secs(10);
    say_and_close(&mut ours, &Answer::asset(&part), false, patience).await;
    let took = start.elapsed();
    drop(ours);
    match bytes_a_second {
        0 => (took, 0),
        _ => (took, reading.await.unwrap()),
    }
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_gets_all_of_it_and_who_does_not_is_cut_off() {
    let (took, _) = said(0).await;
    assert_eq!(took, Duration::from_secs(10 + 200_000 / SLOWEST));
    let (_, got) = said(8 * 1024).await;
    assert!(got > LARGE.len(), "{got}");
    let (took, got) = said(1024).await;
    assert_eq!(took, Duration::from_secs(10 + 200_000 / SLOWEST));
    assert!(got < LARGE.len(), "{got}");
}
