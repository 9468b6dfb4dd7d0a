"""What is shipped to connector authors for their tests; imported by tests alone."""
