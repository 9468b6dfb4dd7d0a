"""Where the pages are, by their names: served alone and inside Airflow."""

from __future__ import annotations

PAGES = {
    "health": "/",
    "customers": "/customers",
    "customer": "/customers/{customer}",
    "history": "/customers/{customer}/past",
    "review": "/review",
    "statistics": "/review/figures",
    "deliveries": "/deliveries",
    "delivered": "/deliveries?state=acknowledged",
    "quarantine": "/quarantine",
    "reports": "/reports",
    "breaks": "/reports/breaks",
}
