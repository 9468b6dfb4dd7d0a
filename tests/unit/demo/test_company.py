import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from hub.demo.company import Company, generate
from hub.demo.register import Ref
from hub.errors import ConfigError


def digest(company: Company) -> str:
    truth = sorted((*ref, customer) for ref, customer in company.truth.customer_of.items())
    planted = repr(sorted(company.planted.items()))
    text = orjson.dumps([company.seeds, company.partners_csv, truth])
    return hashlib.sha256(text + planted.encode()).hexdigest()


def test_same_seed_gives_the_same_company(company: Company) -> None:
    assert digest(generate(seed=7, customers=300)) == digest(company)


def test_other_seed_gives_another_company(company: Company) -> None:
    assert digest(generate(seed=8, customers=300)) != digest(company)


def test_two_thousand_customers_in_under_two_seconds_of_cpu() -> None:
    started = time.process_time()
    generate()
    assert time.process_time() - started < 2


@pytest.mark.parametrize("seed", range(40))
def test_small_companies_can_be_made(seed: int) -> None:
    assert generate(seed, customers=10).truth.customer_of


def test_too_small_a_company_is_refused() -> None:
    with pytest.raises(ConfigError, match="10 customers or more"):
        generate(customers=9)


def test_shop_takes_no_more_than_five_hundred_third_parties() -> None:
    assert len(generate(customers=4000).seeds["shop"]["thirdparty"]) <= 500


def test_every_domain_is_reserved_for_examples(company: Company) -> None:
    text = orjson.dumps([company.seeds, company.partners_csv]).decode()
    # "sfa" addresses may come in capitals; a header may fold an address behind its name.
    hosts = re.findall(r"(?:@|www\.)([A-Za-z0-9.-]+[A-Za-z])", text)
    assert hosts
    assert {host for host in hosts if not host.lower().endswith(".example")} == set()


def test_every_system_knows_some_customers(company: Company) -> None:
    connections = {ref.connection for ref in company.truth.customer_of}
    assert connections == {"sfa", "helpdesk", "mail", "erp", "shop", "partners"}


def test_most_customers_are_known_more_than_once(company: Company) -> None:
    refs = company.truth.customer_of
    assert 2 < len(refs) / len(set(refs.values())) < 4


def test_every_live_party_row_has_a_truth(company: Company) -> None:
    streams = {
        ("sfa", "Account"),
        ("sfa", "Contact"),
        ("sfa", "Lead"),
        ("helpdesk", "user"),
        ("erp", "party.party"),
        ("shop", "thirdparty"),
    }
    own = Ref("erp", "party.party", "1")
    for connection, stream in streams:
        for key, row in company.seeds[connection][stream].items():
            ref = Ref(connection, stream, key)
            gone = row.get("IsDeleted") or row.get("replaced_by") or row.get("Privileged")
            assert (ref in company.truth.customer_of) is not bool(gone or ref == own)


def test_every_truth_points_at_a_row(company: Company) -> None:
    partners = {row["id"] for row in csv.DictReader(io.StringIO(company.partners_csv))}
    for ref in company.truth.customer_of:
        if ref.connection == "partners":
            assert ref.key in partners
        elif ref.connection != "mail":
            assert ref.key in company.seeds[ref.connection][ref.stream]


def test_a_merged_record_names_a_survivor(company: Company) -> None:
    for stream in ("Account", "Contact"):
        rows = company.seeds["sfa"][stream]
        merged = [row for row in rows.values() if row["MasterRecordId"]]
        assert all(row["IsDeleted"] for row in merged)
        assert all(not rows[row["MasterRecordId"]]["IsDeleted"] for row in merged)


def test_branches_share_a_domain_but_not_a_customer(company: Company) -> None:
    sites: dict[str, set[str]] = {}
    for key, row in company.seeds["sfa"]["Account"].items():
        if row.get("Website") and not row["IsDeleted"]:
            customer = company.truth.customer_of[Ref("sfa", "Account", key)]
            sites.setdefault(row["Website"], set()).add(customer)
    assert any(len(customers) > 1 for customers in sites.values())


def test_another_process_makes_the_same_company(company: Company) -> None:
    script = (
        "from hub.demo.company import generate; from tests.unit.demo.test_company import digest;"
        "print(digest(generate(seed=7, customers=300)))"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": "1234", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(company)
