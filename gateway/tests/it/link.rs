//! The link against a broker that loses, refuses, stalls and repeats.

use std::time::Duration;

use milepost_gateway::clock::Clock;
use milepost_gateway::link::{Event, Link, Loss, Options, Policy, State, Stuck, WINDOW};

use crate::broker::{Broker, Packet, Session};

/// Patient where a test must not depend on the machine's speed, quick where it waits for a time-out.
fn policy() -> Policy {
    let never_ms = 600_000;
    Policy {
        retry_base_ms: 1,
        retry_cap_ms: 2,
        refused_base_ms: never_ms,
        refused_cap_ms: never_ms,
        connect_timeout_ms: never_ms,
        puback_timeout_ms: never_ms,
        receipt_timeout_ms: never_ms,
        early_closes: 3,
    }
}

fn link(broker: &Broker, policy: Policy) -> Link {
    let options = Options {
        device: "dev-1".parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: broker.port(),
        tls: None,
        keep_alive: Duration::from_mins(1),
    };
    Link::new(options, policy, Clock::system(), 7)
}

/// Connects, both sides at once.
async fn connected(broker: &Broker, link: &mut Link) -> Session {
    let (session, event) = tokio::join!(broker.session(), link.next());
    assert!(matches!(event, Event::Up), "{event:?}");
    session
}

/// Polls the link while the broker does something.
async fn while_polling<T>(link: &mut Link, doing: impl Future<Output = T>) -> (T, Vec<Event>) {
    let mut events = Vec::new();
    let mut doing = std::pin::pin!(doing);
    loop {
        tokio::select! {
            biased;
            event = link.next() => events.push(event),
            done = &mut doing => return (done, events),
        }
    }
}

#[tokio::test]
async fn a_device_connects_as_itself_keeps_its_session_and_listens_to_its_own_topic() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let serving = async {
        let mut session = broker.accept().await;
        let connect = session.read().await;
        session.connack(0).await;
        let subscribe = session.read().await;
        session.suback(1, 1).await;
        (connect, subscribe, session)
    };
    let ((connect, subscribe, _session), event) = tokio::join!(serving, link.next());
    assert_eq!(connect, Some(Packet::Connect { client_id: "dev-1".to_owned(), clean_session: false, keep_alive: 60 }));
    assert!(matches!(subscribe, Some(Packet::Subscribe { filter, .. }) if filter == "v/dev-1/dn"));
    assert!(matches!(event, Event::Up));
    assert_eq!(link.state(), State::CatchingUp);
}

#[tokio::test]
async fn each_publish_is_matched_to_its_own_puback_even_out_of_order() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    let tickets: Vec<_> = (0_u8..3).map(|n| link.publish(&[n]).unwrap()).collect();
    let (ids, _) = while_polling(&mut link, async {
        let mut ids = Vec::new();
        for n in 0..3 {
            let (id, payload) = session.publish().await.unwrap();
            assert_eq!(payload, [n]);
            ids.push(id);
        }
        ids
    })
    .await;
    for (index, ticket) in [(1, tickets[1]), (0, tickets[0]), (2, tickets[2])] {
        session.puback(ids[index]).await;
        let event = link.next().await;
        assert!(matches!(event, Event::Acknowledged(acknowledged) if acknowledged == ticket), "{event:?}");
    }
}

#[tokio::test]
async fn no_more_than_the_window_is_under_way_and_a_puback_makes_room() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    for n in 0..WINDOW {
        assert!(link.publish(&n.to_be_bytes()).is_some());
    }
    assert!(!link.has_room());
    assert_eq!(link.publish(&[0]), None);
    let (id, _) = while_polling(&mut link, async { session.publish().await.unwrap().0 }).await;
    session.puback(id).await;
    assert!(matches!(link.next().await, Event::Acknowledged(0)));
    assert!(link.has_room());
}

#[tokio::test]
async fn a_connection_lost_in_mid_flight_is_told_and_comes_back_with_nothing_of_the_old_one() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    link.publish(b"lost").unwrap();
    while_polling(&mut link, async { session.publish().await.unwrap() }).await;
    drop(session);
    let event = link.next().await;
    assert!(matches!(event, Event::Down(Loss::Broken(_))), "{event:?}");
    assert_eq!(link.publish(b"too early"), None);

    let mut session = connected(&broker, &mut link).await;
    link.publish(b"again").unwrap();
    let (publish, _) = while_polling(&mut link, async { session.publish().await.unwrap() }).await;
    assert_eq!(publish.1, b"again", "the core decides what is sent again, not the client library");
}

#[tokio::test]
async fn a_message_is_acknowledged_by_hand_and_a_duplicate_is_handed_over_again() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    session.message("v/dev-1/dn", Some(9), false, b"notice").await;
    let Event::Message(message) = link.next().await else { panic!("no message") };
    assert_eq!(message.payload(), b"notice");
    // Not acknowledged: the broker sends it again, marked.
    session.message("v/dev-1/dn", Some(9), true, b"notice").await;
    let Event::Message(again) = link.next().await else { panic!("no duplicate") };
    assert_eq!(again.payload(), b"notice");
    link.acknowledge(&again);
    let (packet, _) = while_polling(&mut link, session.read()).await;
    assert_eq!(packet, Some(Packet::PubAck { id: 9 }));
}

#[tokio::test]
async fn a_receipt_at_qos_0_needs_no_acknowledgement() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    session.message("v/dev-1/dn", None, false, b"receipt").await;
    let Event::Message(message) = link.next().await else { panic!("no message") };
    link.acknowledge(&message);
    link.publish(b"next").unwrap();
    let (packet, _) = while_polling(&mut link, session.read()).await;
    assert!(matches!(packet, Some(Packet::Publish { .. })), "{packet:?}");
}

#[tokio::test]
async fn a_message_on_a_foreign_topic_never_reaches_the_core() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    session.message("v/dev-2/dn", Some(3), false, b"not ours").await;
    session.message("v/dev-1/dn", Some(4), false, b"ours").await;
    let Event::Message(message) = link.next().await else { panic!("no message") };
    assert_eq!(message.payload(), b"ours");
}

#[tokio::test]
async fn a_broker_that_never_acknowledges_is_left() {
    let broker = Broker::new().await;
    let mut link = link(&broker, Policy { puback_timeout_ms: 30, ..policy() });
    let _session = connected(&broker, &mut link).await;
    link.publish(b"unheard").unwrap();
    let event = link.next().await;
    assert!(matches!(event, Event::Down(Loss::Stuck(Stuck::Puback))), "{event:?}");
    connected(&broker, &mut link).await;
}

#[tokio::test]
async fn a_cloud_that_acknowledges_but_sends_no_receipt_is_left() {
    let broker = Broker::new().await;
    let mut link = link(&broker, Policy { receipt_timeout_ms: 30, ..policy() });
    let mut session = connected(&broker, &mut link).await;
    link.publish(b"record").unwrap();
    link.awaiting_receipt(true);
    let (_, events) = while_polling(&mut link, async {
        let (id, _) = session.publish().await.unwrap();
        session.puback(id).await;
        session.publish().await
    })
    .await;
    assert!(
        matches!(&events[..], [Event::Acknowledged(0), Event::Down(Loss::Stuck(Stuck::Receipt)), ..]),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_left() {
    let broker = Broker::new().await;
    let mut link = link(&broker, Policy { connect_timeout_ms: 30, ..policy() });
    let (_session, event) = tokio::join!(broker.accept(), link.next());
    assert!(matches!(event, Event::Down(Loss::Stuck(Stuck::Connect))), "{event:?}");
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable_and_tried_again() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    drop(broker);
    for _ in 0..3 {
        let event = link.next().await;
        assert!(matches!(event, Event::Down(Loss::Unreachable(_))), "{event:?}");
    }
}

fn offline_for_long(link: &Link, clock: &Clock) -> bool {
    matches!(link.state(), State::Offline { retry_at_ms } if retry_at_ms > clock.elapsed_ms() + 60_000)
}

#[tokio::test]
async fn a_refused_client_id_waits_long() {
    let broker = Broker::new().await;
    let clock = Clock::system();
    let mut link = link(&broker, policy());
    let refusing = async {
        let mut session = broker.accept().await;
        session.read().await;
        session.connack(5).await;
        session
    };
    let (_session, event) = tokio::join!(refusing, link.next());
    assert!(matches!(event, Event::Down(Loss::Refused(_))), "{event:?}");
    assert!(offline_for_long(&link, &clock));
}

#[tokio::test]
async fn a_refused_subscription_waits_long() {
    let broker = Broker::new().await;
    let clock = Clock::system();
    let mut link = link(&broker, policy());
    let refusing = async {
        let mut session = broker.accept().await;
        session.read().await;
        session.connack(0).await;
        let Some(Packet::Subscribe { id, .. }) = session.read().await else { panic!("no SUBSCRIBE") };
        session.suback(id, 0x80).await;
        session
    };
    let (_session, event) = tokio::join!(refusing, link.next());
    assert!(matches!(event, Event::Down(Loss::Refused(_))), "{event:?}");
    assert!(offline_for_long(&link, &clock));
}

#[tokio::test]
async fn connections_that_close_before_they_are_accepted_count_as_a_refused_identity_after_some() {
    let broker = Broker::new().await;
    let clock = Clock::system();
    let mut link = link(&broker, policy());
    for attempt in 1..=3 {
        let closing = async {
            let mut session = broker.accept().await;
            session.read().await;
        };
        let ((), event) = tokio::join!(closing, link.next());
        assert!(matches!(event, Event::Down(Loss::ClosedEarly)), "{event:?}");
        assert_eq!(offline_for_long(&link, &clock), attempt == 3, "attempt {attempt}");
    }
}

#[tokio::test(start_paused = true)]
async fn back_off_is_waited_on_the_runtimes_clock_and_an_offline_link_can_be_cancelled_at_any_time() {
    let broker = Broker::new().await;
    let slow = Policy { retry_base_ms: 3_000_000, retry_cap_ms: 3_000_000, ..policy() };
    let mut link = link(&broker, slow);
    drop(broker);
    let clock = Clock::system();
    assert!(matches!(link.next().await, Event::Down(Loss::Unreachable(_))));
    let State::Offline { .. } = link.state() else { panic!("{:?}", link.state()) };
    for _ in 0..100 {
        let cancelled = tokio::time::timeout(Duration::from_millis(1), link.next()).await;
        if cancelled.is_ok() {
            break;
        }
    }
    assert!(matches!(link.next().await, Event::Down(Loss::Unreachable(_))));
    assert!(clock.elapsed() < Duration::from_secs(6_001));
}

#[tokio::test]
async fn closing_says_goodbye() {
    let broker = Broker::new().await;
    let mut link = link(&broker, policy());
    let mut session = connected(&broker, &mut link).await;
    let ((), packet) = tokio::join!(link.close(), session.read());
    assert_eq!(packet, Some(Packet::Disconnect));
}
