-- A diagnosis is known from the discharge of its spell.
CREATE TEMP TABLE coded_in_hospital AS
SELECT patient_id, code, discharged_on AS event_on, getvariable('index_date') - discharged_on AS days
FROM diagnoses
JOIN spells USING (spell_id)
WHERE discharged_on < getvariable('index_date')
    AND discharged_on >= getvariable('index_date') - 1095
    AND (diagnoses.recorded_on IS NULL OR diagnoses.recorded_on < getvariable('index_date'))
    AND (spells.recorded_on IS NULL OR spells.recorded_on < getvariable('index_date'));

CREATE TEMP TABLE hospital_codes AS
SELECT patient_id, count(DISTINCT code[:3]) AS hospital_diagnoses_365d
FROM coded_in_hospital
WHERE days <= 365
GROUP BY patient_id;

CREATE TEMP TABLE hospital_frailty AS
SELECT patient_id, sum(points) AS hospital_frailty_score_730d
FROM (
    SELECT DISTINCT patient_id, place, points
    FROM coded_in_hospital
    JOIN matched ON coded_in_hospital.code = matched.code AND system = 'icd10' AND list = 'hospital_frailty'
    WHERE days <= 730
)
GROUP BY patient_id;

CREATE TEMP TABLE coded AS
SELECT patient_id, place, event_on, days
FROM coded_in_hospital
JOIN matched ON coded_in_hospital.code = matched.code AND system = 'icd10'
WHERE list IN ('charlson', 'long_term_conditions', 'frailty_deficits', 'falls', 'delirium')
UNION ALL
SELECT rows.patient_id, place, event_on, getvariable('index_date') - event_on
FROM gp_events AS rows
JOIN matched ON rows.code = matched.code AND rows.code_system = matched.system
JOIN cohort ON rows.patient_id = cohort.patient_id AND event_on >= gp_seen_from
WHERE list IN ('charlson', 'long_term_conditions', 'frailty_deficits', 'falls', 'delirium')
    AND event_on < getvariable('index_date')
    AND event_on >= getvariable('index_date') - 1095
    AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'));

CREATE TEMP TABLE has_group AS
SELECT patient_id, list, "group", points, replaced_by, days
FROM (SELECT patient_id, place, min(days) AS days FROM coded GROUP BY patient_id, place)
JOIN place USING (place);

-- A group does not count where the one that replaces it is there: a mild form beside the severe one.
CREATE TEMP TABLE comorbidity AS
SELECT
    patient_id,
    sum(points) FILTER (list = 'charlson') AS charlson_points_1095d,
    count(*) FILTER (list = 'long_term_conditions') AS long_term_conditions_1095d,
    count(*) FILTER (list = 'frailty_deficits') AS frailty_deficits_1095d,
    count(*) FILTER (list = 'delirium' AND days <= 730) AS delirium_730d,
FROM has_group AS milder
ANTI JOIN has_group AS severe
    ON milder.patient_id = severe.patient_id AND milder.list = severe.list AND milder.replaced_by = severe."group"
GROUP BY patient_id;

CREATE TEMP TABLE fallen AS
SELECT
    patient_id,
    count(DISTINCT event_on) FILTER (days <= 180) AS falls_180d,
    count(DISTINCT event_on) FILTER (days <= 365) AS falls_365d,
    count(DISTINCT event_on) AS falls_1095d,
FROM coded
JOIN place USING (place)
WHERE list = 'falls'
GROUP BY patient_id;
