"""How a client proves who it is: keys, Basic, tokens, OAuth2, signed assertions, sessions."""

from hub.sdk.auth.base import ApiKey, Auth, BasicAuth, BearerAuth, NoAuth
from hub.sdk.auth.oauth import ClientCredentials, JwtBearer
from hub.sdk.auth.refresh import MemoryTokens, RefreshToken, StoredToken, TokenSlot, TokenStore
from hub.sdk.auth.session import SessionLogin

__all__ = [
    "ApiKey",
    "Auth",
    "BasicAuth",
    "BearerAuth",
    "ClientCredentials",
    "JwtBearer",
    "MemoryTokens",
    "NoAuth",
    "RefreshToken",
    "SessionLogin",
    "StoredToken",
    "TokenSlot",
    "TokenStore",
]
