//! Connections: how many there may be, of how many addresses, and how long one may do nothing.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, extract::Request};
use futures_util::future::{self, Either};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
};
use tokio_io_timeout::TimeoutStream;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time. Others wait in the system's queue.
    pub connections: usize,
    /// Connections of one [`Source`] at the same time; more are closed at once, so that one machine cannot keep out all.
    pub of_one_source: usize,
    /// How long a connection may take until a request's head is there, and how long it may stay idle between two.
    pub silence: Duration,
    /// How long a client may take nothing of a response that waits to be sent.
    pub stall: Duration,
}

impl Limits {
    /// Half of the files that most systems let a process open, and patience for a slow network.
    pub const DEFAULT: Self =
        Self { connections: 512, of_one_source: 256, silence: Duration::from_secs(30), stall: Duration::from_secs(60) };
}

/// Whom a connection comes from: an address, or the /64 network of IPv6 that one subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()),
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// How many connections each source has.
#[derive(Default)]
struct Sources(Mutex<HashMap<Source, usize>>);

/// One of a source's connections, until dropped.
struct Entry {
    sources: Arc<Sources>,
    source: Source,
}

impl Sources {
    fn enter(self: &Arc<Self>, source: Source, most: usize) -> Option<Entry> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(source).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Entry { sources: self.clone(), source })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut counts = self.sources.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.source);
            }
        }
    }
}

/// Serves `router` until `stop` is ready; then takes no more connections, closes idle ones, and waits for the responses in the
/// making. Each request carries its [`Source`] as an extension.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let sources = Arc::new(Sources::default());
    let (stopping, stopped) = watch::channel(());
    // Nothing is sent: when every connection has dropped its end, all are closed.
    let (open, mut closed) = mpsc::channel::<()>(1);
    let mut stop = pin!(stop);
    loop {
        let accept = pin!(async { (places.clone().acquire_owned().await, listener.accept().await) });
        let (place, accepted) = match future::select(stop.as_mut(), accept).await {
            Either::Left(_) => break,
            Either::Right((accepted, _)) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let source = Source::from(peer.ip());
                let Some(entry) = sources.enter(source, limits.of_one_source) else { continue };
                let (router, stopped, open) = (router.clone(), stopped.clone(), open.clone());
                tokio::spawn(async move {
                    connection(stream, source, router, limits, stopped).await;
                    drop((place, entry, open));
                });
            }
            Err(error) => rest_after(&error).await,
        }
    }
    drop(listener);
    drop((stopping, open));
    closed.recv().await;
}

/// A connection that broke before it was taken says nothing of the next; a process that may open no more files has to wait
/// until it has closed some.
pub async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn connection(
    stream: TcpStream,
    source: Source,
    router: Router,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) {
    // Pieces of an answer are small and must not wait for each other; without the option they are only later.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stall));
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(source);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.silence)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // Whether a client ended well is its own business, and so is what it did wrong.
    if let Either::Right(_) = future::select(connection.as_mut(), pin!(stopped.changed())).await {
        connection.as_mut().graceful_shutdown();
        drop(connection.await);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpStream},
        time::Duration,
    };

    use axum::{Router, body::Body, routing::get};
    use futures_util::stream;
    use tokio::{runtime::Runtime, sync::oneshot};

    use super::*;

    const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

    struct Running {
        runtime: Runtime,
        address: SocketAddr,
        stop: Option<oneshot::Sender<()>>,
        serving: tokio::task::JoinHandle<()>,
    }

    fn start(limits: Limits, router: Router) -> Running {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = runtime.spawn(serve(listener, router, limits, async { drop(stopped.await) }));
        Running { runtime, address, stop: Some(stop), serving }
    }

    fn hello() -> Router {
        Router::new().route("/hello", get(|| async { "hello" }))
    }

    fn short() -> Limits {
        Limits { silence: Duration::from_millis(100), stall: Duration::from_millis(100), ..Limits::DEFAULT }
    }

    impl Running {
        fn connect(&self) -> TcpStream {
            let stream = TcpStream::connect(self.address).unwrap();
            // For a failing test to end; no test needs so long.
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream
        }

        /// A response whose connection stays open.
        fn ask(&self, stream: &mut TcpStream) -> String {
            stream.write_all(REQUEST).unwrap();
            let (mut response, mut piece) = (String::new(), [0; 512]);
            while !response.ends_with("hello") {
                let count = stream.read(&mut piece).unwrap();
                assert_ne!(count, 0, "closed after {response:?}");
                response.push_str(std::str::from_utf8(&piece[..count]).unwrap());
            }
            response
        }
    }

    /// What comes until the server closes the connection.
    fn rest(stream: &mut TcpStream) -> Vec<u8> {
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        rest
    }

    #[test]
    fn a_client_that_says_nothing_is_not_waited_for() {
        let running = start(short(), hello());
        let mut silent = running.connect();
        assert!(!rest(&mut silent).starts_with(b"HTTP/1.1 200"));
        let mut slow = running.connect();
        slow.write_all(&REQUEST[..20]).unwrap();
        assert!(!rest(&mut slow).starts_with(b"HTTP/1.1 200"));
        let mut idle = running.connect();
        assert!(running.ask(&mut idle).starts_with("HTTP/1.1 200"));
        assert_eq!(rest(&mut idle), b"");
    }

    #[test]
    fn a_client_that_takes_nothing_is_left() {
        let (gone, heard) = std::sync::mpsc::channel::<()>();
        let gone = Arc::new(Mutex::new(Some(gone)));
        let endless = move || {
            // Dropped with the response.
            let gone = gone.lock().unwrap().take();
            let piece = move |()| {
                let _until_then = &gone;
                future::ready(Some((Ok::<_, io::Error>(vec![b'x'; 1 << 16]), ())))
            };
            async { Body::from_stream(stream::unfold((), piece)) }
        };
        let running = start(short(), Router::new().route("/hello", get(endless)));
        let mut stream = running.connect();
        stream.write_all(REQUEST).unwrap();
        assert_eq!(heard.recv_timeout(Duration::from_secs(60)), Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
    }

    #[test]
    fn one_source_cannot_take_all_connections() {
        let running = start(Limits { of_one_source: 2, ..Limits::DEFAULT }, hello());
        let mut first = running.connect();
        let mut second = running.connect();
        running.ask(&mut first);
        running.ask(&mut second);
        assert_eq!(rest(&mut running.connect()), b"");
        running.ask(&mut first);
        drop(second);
        // The place becomes free once the server has seen that its client left.
        let mut next = running.connect();
        while next.write_all(REQUEST).is_err() || !matches!(next.read(&mut [0; 512]), Ok(1..)) {
            next = running.connect();
        }
    }

    #[test]
    fn connections_beyond_all_places_wait_for_one() {
        let running = start(Limits { connections: 1, ..Limits::DEFAULT }, hello());
        let mut first = running.connect();
        running.ask(&mut first);
        let mut second = running.connect();
        second.write_all(REQUEST).unwrap();
        drop(first);
        assert!(matches!(second.read(&mut [0; 512]), Ok(1..)));
    }

    #[test]
    fn stopping_finishes_what_is_begun_and_closes_what_is_idle() {
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (finish, finished) = watch::channel(false);
        let slow = move || {
            let mut finished = finished.clone();
            begun.send(()).unwrap();
            async move {
                drop(finished.wait_for(|&finished| finished).await);
                "hello"
            }
        };
        let mut running = start(Limits::DEFAULT, hello().route("/slow", get(slow)));
        let mut idle = running.connect();
        running.ask(&mut idle);
        let mut asking = running.connect();
        asking.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        has_begun.recv().unwrap();
        running.stop.take().unwrap().send(()).unwrap();
        assert_eq!(rest(&mut idle), b"");
        finish.send(true).unwrap();
        assert!(rest(&mut asking).ends_with(b"hello"));
        running.runtime.block_on(running.serving).unwrap();
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_source() {
        let source = |address: &str| Source::from(address.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.7"), source("192.0.2.7"));
        assert_ne!(source("192.0.2.7"), source("192.0.2.8"));
    }
}
