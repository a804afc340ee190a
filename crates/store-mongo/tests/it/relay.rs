//! A way to the server on which nothing arrives any more when it is told so, as if a network had been cut.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The relay; it ends with the runtime.
pub(crate) struct Relay {
    /// The database by way of the relay.
    pub(crate) url: String,
    silent: watch::Sender<bool>,
}

impl Relay {
    /// A relay to the first server that `url` names.
    pub(crate) async fn to(url: &str) -> Self {
        let hosts = url.strip_prefix("mongodb://").unwrap();
        let hosts = hosts.split('/').next().unwrap();
        let host = hosts.rsplit('@').next().unwrap();
        let server = host.split(',').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let url = url.replacen(host, &here, 1);
        let (url, options) = url.split_once('?').unwrap();
        // A replica set names its own address, and the driver would go there.
        let kept = options
            .split('&')
            .filter(|option| !option.starts_with("replicaSet="));
        let options: Vec<_> = kept.chain(["directConnection=true"]).collect();
        let url = format!("{url}?{}", options.join("&"));
        let (silent, heard) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server.clone(), heard.clone()));
            }
        });
        Self { url, silent }
    }

    /// From now on nothing arrives, and no connection is closed.
    pub(crate) fn silence(&self) {
        self.silent.send_replace(true);
    }
}

async fn pass(mut client: TcpStream, server: String, mut silent: watch::Receiver<bool>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let cut = async { drop(silent.wait_for(|&is| is).await) };
    tokio::select! {
        () = cut => std::future::pending().await,
        _ = copy_bidirectional(&mut client, &mut server) => (),
    }
}
