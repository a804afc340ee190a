//! Compact JWS, JWK and JWKS (RFC 7515, 7517, 7518, 7638, 8037) over one crypto library
