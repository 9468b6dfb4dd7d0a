"""The demo story on real servers: Tryton, Request Tracker and Dovecot; the rest stays stand-ins."""
