//! One kept-alive connection of the load.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Instant;

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::failure::{Failure, Result};

/// Connections that share one client address, so that 1000 of them look like a crowd and not like one client.
const PER_CLIENT_ADDRESS: usize = 50;

/// A connection and the request that is under way on it.
#[derive(Debug)]
pub(super) struct Connection {
    /// The socket, which never blocks.
    pub(super) stream: TcpStream,
    /// The start of an answer of which the rest has not come yet.
    pub(super) partial: Vec<u8>,
    /// When the request under way was due; `None` when none is under way.
    pub(super) due: Option<Instant>,
}

impl Connection {
    /// Opens connection number `number` to `server`, on a loopback client address of its group.
    pub(super) fn open(server: SocketAddr, number: usize) -> Result<Self> {
        let stream =
            connect(server, number).map_err(Failure::while_(format!("connecting to {server}")))?;
        Ok(Self {
            stream,
            partial: Vec::new(),
            due: None,
        })
    }

    /// Sends a request that was due at `due`.
    pub(super) fn send(&mut self, request: &[u8], due: Instant) -> Result<()> {
        // A socket with nothing under way takes a request of a few kilobytes whole; `write_all` fails loudly otherwise.
        self.stream
            .write_all(request)
            .map_err(Failure::while_("sending a request"))?;
        self.due = Some(due);
        Ok(())
    }

    /// Reads what has come into `buffer`: the number of bytes, `None` when nothing has come, 0 when the server closed.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        match self.stream.read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Some(0)),
            Err(error) => Err(Failure::while_("reading an answer")(error)),
        }
    }
}

fn connect(server: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let socket = rustix::net::socket_with(
        if server.is_ipv4() {
            AddressFamily::INET
        } else {
            AddressFamily::INET6
        },
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    if server.ip() == Ipv4Addr::LOCALHOST {
        let group = u8::try_from(number / PER_CLIENT_ADDRESS % 200).unwrap_or_default();
        let client = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2 + group), 0);
        rustix::net::bind(&socket, &client)?;
    }
    rustix::net::connect(&socket, &server)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
