//! Reading one HTTP/1.1 answer out of received bytes.

use httparse::{EMPTY_HEADER, Header, Status};

/// How many header fields an answer may have.
pub(crate) const MOST_HEADERS: usize = 48;

/// Room for the header fields of one answer.
pub(crate) type HeaderRoom<'a> = [Header<'a>; MOST_HEADERS];

/// Fresh room for header fields.
pub(crate) const fn header_room<'a>() -> HeaderRoom<'a> {
    [EMPTY_HEADER; MOST_HEADERS]
}

/// One complete answer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The header fields, in the order received.
    pub(crate) headers: &'a [Header<'a>],
    /// The body.
    pub(crate) body: &'a [u8],
    /// Bytes that head and body took together.
    pub(crate) length: usize,
}

impl<'a> Answer<'a> {
    /// The answer at the start of `received`; `None` while it is incomplete; a sentence where it is none that this client reads.
    pub(crate) fn read(
        received: &'a [u8],
        room: &'a mut HeaderRoom<'a>,
    ) -> Result<Option<Self>, String> {
        let mut head = httparse::Response::new(room);
        let body_start = match head.parse(received) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Ok(None),
            Err(malformed) => return Err(format!("an answer is malformed: {malformed}")),
        };
        let status = head.code.unwrap_or_default();
        let headers: &'a [Header<'a>] = head.headers;
        let body_length = match field(headers, "content-length") {
            Some(value) => std::str::from_utf8(value)
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok())
                .ok_or("an answer's content-length is no number")?,
            None if status == 204 || status == 304 => 0,
            None => return Err("an answer has no content-length".to_owned()),
        };
        let length = body_start + body_length;
        Ok(received.get(body_start..length).map(|body| Self {
            status,
            headers,
            body,
            length,
        }))
    }

    /// The value of the first header field called `name`, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&'a [u8]> {
        field(self.headers, name)
    }

    /// Whether the server closes the connection after this answer.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"close"))
    }
}

fn field<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nbusyHTTP/1.1 200";

    #[test]
    fn an_answer_ends_where_its_body_ends() {
        let mut room = header_room();
        let answer = Answer::read(WHOLE, &mut room).unwrap().unwrap();
        assert_eq!((answer.status, answer.body), (503, &b"busy"[..]));
        assert_eq!(answer.header("retry-after"), Some(&b"2"[..]));
        assert!(!answer.closes());
        assert_eq!(&WHOLE[answer.length..], b"HTTP/1.1 200");
    }

    #[test]
    fn every_shorter_piece_is_incomplete() {
        let end = WHOLE.len() - "HTTP/1.1 200".len();
        for cut in 0..end {
            let mut room = header_room();
            assert!(
                Answer::read(&WHOLE[..cut], &mut room).unwrap().is_none(),
                "{cut}"
            );
        }
    }

    #[test]
    fn what_this_client_does_not_read_is_named() {
        let mut room = header_room();
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let refusal = Answer::read(chunked, &mut room).unwrap_err();
        assert_eq!(refusal, "an answer has no content-length");
        let mut room = header_room();
        assert!(Answer::read(b"SMTP ready\r\n\r\n", &mut room).is_err());
    }

    #[test]
    fn no_content_needs_no_length() {
        let mut room = header_room();
        let answer = Answer::read(
            b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
            &mut room,
        )
        .unwrap()
        .unwrap();
        assert!(answer.body.is_empty());
        assert!(answer.closes());
    }
}
