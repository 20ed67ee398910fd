-- The codes in use, matched once against the code lists: rows are joined to them by equality afterwards.
CREATE TEMP TABLE code_list AS
SELECT
    parse_filename(filename, true) AS list,
    system,
    code,
    "group",
    coalesce(points::DOUBLE, 1) AS points,
    replaced_by,
FROM read_csv(getvariable('codelists'), comment = '#', filename = true, union_by_name = true, all_varchar = true)
WHERE sensitive IS NULL;

CREATE TEMP TABLE code_in_use AS
SELECT 'icd10' AS system, code, regexp_replace(upper(code), '[^0-9A-Z]', '', 'g') AS plain
FROM (SELECT DISTINCT code FROM diagnoses)
UNION ALL
SELECT code_system, code, code
FROM (SELECT DISTINCT code_system, code FROM gp_events)
UNION ALL
SELECT 'bnf', bnf_code, upper(bnf_code)
FROM (SELECT DISTINCT bnf_code FROM prescriptions);

CREATE TEMP TABLE matched AS
SELECT DISTINCT
    used.system,
    used.code,
    listed.list,
    listed."group",
    listed.points,
    listed.replaced_by,
    dense_rank() OVER (ORDER BY listed.list, listed."group") AS place,
FROM code_in_use AS used
JOIN code_list AS listed
    ON used.system = listed.system
    AND (used.plain = listed.code OR (used.system IN ('icd10', 'bnf') AND starts_with(used.plain, listed.code)));

CREATE TEMP TABLE place AS
SELECT DISTINCT place, list, "group", points, replaced_by FROM matched;
