from collections import Counter
from decimal import Decimal

from hub.demo.company import Company
from hub.demo.register import Ref


def known_to(company: Company, *connections: str) -> set[str]:
    truth = company.truth.customer_of
    return {customer for ref, customer in truth.items() if ref.connection in connections}


def test_r1_customers_have_no_ledger_account(company: Company) -> None:
    assert len(company.planted["R1"]) >= 2
    assert not set(company.planted["R1"]) & known_to(company, "erp", "shop")


def test_r1_names_accounts_of_customers_and_deals_won(company: Company) -> None:
    sales = company.seeds["sfa"]
    refs = [ref for group in company.planted["R1"].values() for ref in group]
    deals = [sales["Opportunity"][ref.key] for ref in refs if ref.stream == "Opportunity"]
    accounts = [sales["Account"][ref.key] for ref in refs if ref.stream == "Account"]
    assert deals
    assert accounts
    assert all(row["IsWon"] for row in deals)
    assert all(row["Type"].startswith("Customer") for row in accounts)


def test_r1_has_prospects_who_are_there_for_a_deal_only(company: Company) -> None:
    groups = company.planted["R1"].values()
    assert any(all(ref.stream == "Opportunity" for ref in refs) for refs in groups)


def test_r2_customers_are_unknown_to_sales(company: Company) -> None:
    assert len(company.planted["R2"]) >= 3
    assert not set(company.planted["R2"]) & known_to(company, "sfa")


def test_r2_leaves_out_inactive_accounts_without_balance(company: Company) -> None:
    parties = company.seeds["erp"]["party.party"]
    flagged = {ref.key for refs in company.planted["R2"].values() for ref in refs}
    strangers = known_to(company, "erp") - known_to(company, "sfa")
    quiet = [
        key
        for key, row in parties.items()
        if not row["active"]
        and key not in flagged
        and company.truth.customer_of.get(Ref("erp", "party.party", key)) in strangers
    ]
    assert quiet


def test_r4_lists_each_double_account_of_one_ledger(company: Company) -> None:
    truth = company.truth.customer_of
    accounts = Counter(
        (r.connection, c) for r, c in truth.items() if r.connection in ("erp", "shop")
    )
    doubles = {customer for (_, customer), count in accounts.items() if count > 1}
    assert set(company.planted["R4"]) == doubles


def test_control_totals_add_up_and_leave_out_the_unmappable(company: Company) -> None:
    totals = company.planted["R10"]
    assert all(total.net + total.tax == total.gross for total in totals.values())
    counted = Counter[tuple[str, str]]()
    for bucket, total in totals.items():
        counted[bucket.connection, bucket.entity] += total.documents
    seeds = company.seeds
    assert counted["erp", "order"] == len(seeds["erp"]["sale.sale"])
    assert counted["erp", "invoice"] == len(seeds["erp"]["account.invoice"])
    bad = company.planted["quarantine"]["shop", "invoice"]
    assert counted["shop", "invoice"] == len(seeds["shop"]["invoice"]) - bad


def test_shop_total_is_the_sum_of_its_dated_invoices(company: Company) -> None:
    rows = company.seeds["shop"]["invoice"].values()
    expected = sum(Decimal(row["total"]) for row in rows if row["date"] != "0000-00-00")
    totals = company.planted["R10"].items()
    assert expected == sum(total.gross for bucket, total in totals if bucket.connection == "shop")


def test_tombstones_are_counted(company: Company) -> None:
    for (connection, stream), count in company.planted["tombstones"].items():
        rows = company.seeds[connection][stream].values()
        assert sum(bool(row.get("IsDeleted") or row.get("replaced_by")) for row in rows) == count


def test_r3_names_sales_accounts_with_another_vat_number(company: Company) -> None:
    assert company.planted["R3"]
    for customer, refs in company.planted["R3"].items():
        for ref in refs:
            assert company.truth.customer_of[ref] == customer
            assert company.seeds["sfa"]["Account"][ref.key]["VAT_Number__c"]


def test_won_deals_became_orders_but_for_those_who_never_ordered(company: Company) -> None:
    orders = {
        (row["sale_date"], float(row["untaxed_amount"]), row["currency"])
        for row in company.seeds["erp"]["sale.sale"].values()
        if row["state"] != "cancelled"
    }
    won = [row for row in company.seeds["sfa"]["Opportunity"].values() if row["IsWon"]]
    lacking = [
        row
        for row in won
        if (row["CloseDate"], row["Amount"], row["CurrencyIsoCode"]) not in orders
    ]
    assert len(lacking) == company.planted["cases"]["deals won without an order"]
    assert 0 < len(lacking) < len(won)
    assert len({row["OwnerId"] for row in won}) > 3
