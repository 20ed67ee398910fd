-- Rows are first reduced to one per person and code; what a code is, is looked up for those.
CREATE TEMP TABLE medicine AS
SELECT
    code,
    bool_or(list = 'medicines') AS is_medicine,
    bool_or(list = 'antibiotics') AS is_antibiotic,
    bool_or(list = 'relievers') AS is_reliever,
FROM matched
WHERE system = 'bnf'
GROUP BY code;

CREATE TEMP TABLE prescribed AS
SELECT patient_id, bnf_code, count(*) AS n, count(*) FILTER (days <= 90) AS lately
FROM (
    SELECT rows.patient_id, bnf_code, getvariable('index_date') - issued_on AS days
    FROM prescriptions AS rows
    JOIN cohort ON rows.patient_id = cohort.patient_id AND issued_on >= gp_seen_from
    WHERE issued_on < getvariable('index_date')
        AND issued_on >= getvariable('index_date') - 365
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
)
GROUP BY patient_id, bnf_code;

CREATE TEMP TABLE medicines AS
SELECT
    patient_id,
    count(DISTINCT bnf_code[:9]) FILTER (is_medicine AND lately > 0) AS medicines_90d,
    count(DISTINCT bnf_code[:6]) FILTER (is_medicine) AS medicine_types_365d,
    sum(n) FILTER (is_medicine) AS prescriptions_365d,
    sum(lately) FILTER (is_antibiotic) AS antibiotics_90d,
    sum(n) FILTER (is_antibiotic) AS antibiotics_365d,
    sum(n) FILTER (is_reliever) AS reliever_inhalers_365d,
    sum(lately) FILTER (is_medicine) * (365 / 90) / sum(n) FILTER (is_medicine) AS prescriptions_rise_365d,
FROM prescribed
JOIN medicine ON bnf_code = code
GROUP BY patient_id;

CREATE TEMP TABLE high_risk AS
SELECT patient_id, count(DISTINCT place) AS high_risk_medicines_90d
FROM prescribed
JOIN matched ON bnf_code = code AND list = 'high_risk_medicines'
WHERE lately > 0
GROUP BY patient_id;
