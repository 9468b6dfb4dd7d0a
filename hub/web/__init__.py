"""What the hub serves over HTTP: the receiver of webhooks; API and pages will follow."""
