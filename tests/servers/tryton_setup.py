"""Fills a new Tryton database; runs under the interpreter of `.venv-tryton` only.

Reads one JSON object on stdin, {"config", "database", "year"}, and prints {"key"}: the bearer key
of the REST interface. The modules must be active already.
"""

# The Tryton packages are untyped and live in an environment of their own.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal

from proteus import Model, config
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import (
    create_payment_term,
    set_fiscalyear_invoice_sequences,
)
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency

COMPANY = "Hub Test Company"
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
MISSING_RATES = {"GBP": Decimal("1.75"), "CHF": Decimal("1.90")}
"""Beside Tryton's own test rates: 2 for EUR, 1 for USD."""
LANGUAGES = ("de", "es", "fr", "it", "nl")
COUNTRIES = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "CA": "Canada",
    "CH": "Switzerland",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "GR": "Greece",
    "HU": "Hungary",
    "IE": "Ireland",
    "IT": "Italy",
    "JP": "Japan",
    "LU": "Luxembourg",
    "NL": "Netherlands",
    "NO": "Norway",
    "PL": "Poland",
    "PT": "Portugal",
    "RO": "Romania",
    "SE": "Sweden",
    "SI": "Slovenia",
    "SK": "Slovakia",
    "US": "United States",
}


def main() -> None:
    """Set up the database named on stdin and print its bearer key."""
    order = json.load(sys.stdin)
    config.set_trytond(order["database"], config_file=order["config"])
    _create_geography()
    _create_company()
    _create_fiscal_years(order["year"])
    _create_product()
    _create_payment_method()
    sys.stdout.write(json.dumps({"key": _create_key()}))


def _create_geography() -> None:
    country_model = Model.get("country.country")
    country_model.save([country_model(name=name, code=code) for code, name in COUNTRIES.items()])
    language_model = Model.get("ir.lang")
    languages = language_model.find([("code", "in", LANGUAGES)])
    for language in languages:
        language.translatable = True
    language_model.save(languages)


def _create_company() -> None:
    rate_model = Model.get("currency.currency.rate")
    for code in CURRENCIES:
        currency = get_currency(code)
        if code in MISSING_RATES:
            rate_model(date=dt.date.min, rate=MISSING_RATES[code], currency=currency).save()
    party_model = Model.get("party.party")
    party = party_model(name=COMPANY)
    party.save()
    create_company(party=party, currency="EUR")
    create_chart(chart="account.account_template_root_en")


def _create_fiscal_years(year: int) -> None:
    """Last year, this one and the next, so that invoices may be older or dated ahead."""
    for number in (year - 1, year, year + 1):
        days = (dt.date(number, 1, 1), dt.date(number, 12, 31))
        fiscal_year = create_fiscalyear(get_company(), days)
        fiscal_year = set_fiscalyear_invoice_sequences(fiscal_year)
        fiscal_year.click("create_period")


def _create_product() -> None:
    """One service is enough: sold services give invoices and no shipments."""
    accounts = get_accounts()
    category_model = Model.get("product.category")
    category = category_model(name="Services", accounting=True)
    category.account_expense = accounts["expense"]
    category.account_revenue = accounts["revenue"]
    category.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    template_model = Model.get("product.template")
    template = template_model(name="Service", type="service", default_uom=unit, salable=True)
    template.list_price = Decimal("100.00")
    template.account_category = category
    template.save()
    create_payment_term().save()


def _create_payment_method() -> None:
    """Paid invoices are paid in cash."""
    cash = get_accounts()["cash"]
    (journal,) = Model.get("account.journal").find([("type", "=", "cash")])
    method = Model.get("account.invoice.payment.method")(name="Cash", journal=journal)
    method.credit_account = cash
    method.debit_account = cash
    method.save()


def _create_key() -> str:
    user_model = Model.get("res.user")
    (admin,) = user_model.find([("login", "=", "admin")])
    application_model = Model.get("res.user.application")
    application = application_model(user=admin, application="rest")
    application.save()
    key: str = application.key
    return key


if __name__ == "__main__":
    main()
