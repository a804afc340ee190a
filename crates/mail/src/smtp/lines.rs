//! A connection before it is encrypted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How far is looked for the end of a line.
const LOOK: usize = 1024;

/// Gives what arrives one line at a time. So whatever somebody on the way puts behind the answer to STARTTLS is never read
/// as if it had come through the encryption: it is still there when TLS begins, and TLS refuses it (RFC 3207 § 6; the class
/// of CVE-2011-0411).
#[derive(Debug)]
pub(super) struct Lines(pub(super) TcpStream);

impl AsyncRead for Lines {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut seen = [0; LOOK];
        let length = LOOK.min(buffer.remaining());
        let (ahead, _) = seen.split_at_mut(length);
        let mut ahead = ReadBuf::new(ahead);
        let count = ready!(self.0.poll_peek(task, &mut ahead))?;
        let line = ahead
            .filled()
            .iter()
            .position(|octet| *octet == b'\n')
            .map_or(count, |end| end + 1);
        // At the end of the stream nothing is ahead, and reading says so.
        let (_, octets) = (count, buffer.initialize_unfilled_to(line));
        let mut piece = ReadBuf::new(octets);
        ready!(Pin::new(&mut self.0).poll_read(task, &mut piece))?;
        let read = piece.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(task, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(task)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}
