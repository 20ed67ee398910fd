"""The SQL of a mapping may compute with its sources, and ask nothing of files, the machine, the clock or chance."""

from typing import Any

import pytest
from pydantic import ValidationError

from vi_risk.records.expressions import fault_of_expression, fault_of_query
from vi_risk.records.mapping import Mapping

COLUMNS = {"patient_id": "a", "birth_month": "b", "sex": "c"}
STAY = {"spell_id": "a", "patient_id": "b", "admitted_on": "c", "discharged_on": "d", "admission_method": "e"}


@pytest.mark.parametrize(
    "sql",
    [
        "NHSNumber",
        '"Date of Birth"',
        "nullif(trim(a), '')",
        "CASE WHEN a = '1' THEN 'x; y -- z' ELSE b END",
        "$$it's; plain$$",
        "e'it\\'s' || a",
        "a::DATE - INTERVAL 3 MONTH",
        "age(a, b)",
        "list_transform([a, b], lambda one: one || 'x')[1]",
        "row_number() OVER (ORDER BY a)",
        "error(a)",
        "hash(a)",
        "json_extract_string(a, '$.code')",
        "current_date_of_entry",
    ],
)
def test_what_is_one_value_of_one_row_may_stand(sql: str) -> None:
    assert fault_of_expression(sql) is None


@pytest.mark.parametrize(
    "sql",
    ["", "a, b", "a AS b", "a; b", "a;", "a -- b", "a) AS x, (b", "a) FROM t; DROP TABLE t; SELECT (b", "/*", "$$",
     "(SELECT a)", "(FROM t)", "a IN (FROM t)", "exists(FROM t)", "?", "$a", "DROP TABLE t", "COPY t TO 'x'", "*",
     "a FROM t", "a WHERE true", "max(a)", "unnest(a)", "(" * 5000 + "a" + ")" * 5000, "a\x00", "'\ud800'"],
    ids=lambda sql: ascii(sql[:30]),
)  # fmt: skip
def test_what_is_not_one_expression_is_refused_as_that(sql: str) -> None:
    assert fault_of_expression(sql) == "is not one SQL expression"


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("now()", "now()"), ("Now()", "now()"), ("today()", "the clock"), ("random()", "random()"),
        ("uuid()", "uuid()"),
        ("gen_random_uuid()", "gen_random_uuid()"), ("nextval('s')", "nextval()"), ("setseed(0.1)", "setseed()"),
        ("current_date", "the clock"), ("CURRENT_TIMESTAMP", "the clock"), ("localtime", "the clock"),
        ("localtimestamp", "the clock"), ("age(a)", "age()"), ("txid_current()", "txid_current()"),
        ("write_log('x')", "write_log()"), ("sleep_ms(10)", "sleep_ms()"), ("getenv('HOME')", "getenv()"),
        ("current_setting('temp_directory')", "current_setting()"), ("current_query()", "current_query()"),
        ("coalesce(a, CAST(now() AS VARCHAR))", "now()"),
    ],
)  # fmt: skip
def test_an_expression_that_asks_the_machine_the_clock_or_chance_is_refused(sql: str, asked: str) -> None:
    assert str(fault_of_expression(sql)).startswith(f"asks {asked};")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM a",
        "FROM a",
        "SELECT * FROM a;",
        "WITH b AS (SELECT * FROM a) SELECT * FROM b UNION ALL SELECT * FROM a",
        "SELECT unnest([x, y]) FROM a",
        "SELECT * FROM a, unnest(a.codes) AS of_code(code)",
        "SELECT * FROM a CROSS JOIN generate_series(1, 20) AS numbers(n)",
        "SELECT * FROM a QUALIFY row_number() OVER (PARTITION BY x ORDER BY y) = 1",
        "SELECT * FROM a PIVOT (max(x) FOR y IN ('1', '2'))",
    ],
)
def test_a_query_of_sources_may_stand(sql: str) -> None:
    assert fault_of_query(sql) is None


@pytest.mark.parametrize(
    "sql",
    ["", "DROP TABLE a", "COPY a TO 'x.csv'", "COPY a FROM 'x.csv'", "ATTACH 'x.duckdb'", "INSTALL httpfs",
     "LOAD httpfs", "SET enable_external_access = true", "PRAGMA database_list", "CALL pragma_version()",
     "EXPORT DATABASE 'x'", "CREATE TABLE b AS FROM a", "INSERT INTO a VALUES (1) RETURNING *",
     "SELECT 1; COPY a TO 'x'", "SELECT 1 /* */; DROP TABLE a -- */", "EXPLAIN ANALYZE SELECT 1", "SELECT $1"],
)  # fmt: skip
def test_what_is_not_one_query_is_refused_as_that(sql: str) -> None:
    assert fault_of_query(sql) == "is not one SELECT statement"


@pytest.mark.parametrize(
    "called",
    ["read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json", "read_text", "read_blob", "glob",
     "sniff_csv", "parquet_metadata", "read_duckdb", "sqlite_scan", "postgres_scan", "arrow_scan", "pandas_scan",
     "duckdb_settings", "duckdb_secrets", "enable_profiling", "enable_logging", "query", "query_table",
     "json_execute_serialized_sql", "checkpoint"],
)  # fmt: skip
@pytest.mark.parametrize(
    "written",
    [
        "SELECT * FROM {}('/etc/hostname')",
        "FROM {}('/etc/hostname')",
        "SELECT * FROM system.main.\"{}\"('/etc/hostname')",
        "SELECT (SELECT first(x) FROM {}('/etc/hostname') AS t(x))",
        "WITH b AS (SELECT * FROM {}('/etc/hostname')) SELECT * FROM a JOIN b ON true",
        "SELECT * FROM a WHERE a.x IN (FROM {}('/etc/hostname'))",
        "SELECT * FROM a, LATERAL (SELECT * FROM {}(a.x))",
    ],
)
def test_no_function_opens_a_file_or_changes_the_engine(called: str, written: str) -> None:
    fault = fault_of_query(written.format(called))

    assert fault is not None
    assert fault.startswith(f"asks {called}();") or fault == "is not one SELECT statement"
    assert fault_of_query(written.format("generate_series")) is None  # it is the function that is refused


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sources": {"x": "SELECT * FROM read_csv('y')"}}, "sources.x asks read_csv()"),
        ({"where": "d > today()"}, "where asks the clock"),
        ({"columns": COLUMNS | {"sex": "now()"}}, "columns.sex asks now()"),
        ({"columns": COLUMNS | {"sex": "getenv('USER')"}}, "columns.sex asks getenv()"),
    ],
)
def test_a_mapping_says_where_it_asks_what_it_may_not(change: dict[str, Any], told: str) -> None:
    sources = change.pop("sources", {})
    people = {"source": "p", "columns": COLUMNS, **change}

    tables = {"patients": people, "spells": {"source": "s", "columns": STAY}}

    with pytest.raises(ValidationError) as refused:
        Mapping.model_validate({"name": "site", "sources": sources, "tables": tables})

    assert f"{told}; a mapping sees its sources and nothing else" in str(refused.value)
