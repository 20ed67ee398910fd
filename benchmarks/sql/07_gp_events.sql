-- Measurements are reduced to one per day, as several on a day count as their mean.
CREATE TEMP TABLE measured AS
SELECT patient_id, "group", days, count(*) AS n, sum(value) AS total
FROM (
    SELECT rows.patient_id, "group", value, getvariable('index_date') - event_on AS days
    FROM gp_events AS rows
    JOIN matched ON rows.code = matched.code AND rows.code_system = matched.system AND list = 'measurements'
    JOIN cohort ON rows.patient_id = cohort.patient_id AND event_on >= gp_seen_from
    WHERE event_on < getvariable('index_date')
        AND event_on >= getvariable('index_date') - 1095
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
        AND CASE "group"
            WHEN 'bmi' THEN unit IN ('kg/m2', 'kg/m²', 'kg/m^2') AND value BETWEEN 10 AND 90
            WHEN 'systolic' THEN unit IN ('mm[Hg]', 'mmHg') AND value BETWEEN 50 AND 280
            WHEN 'hba1c' THEN unit = 'mmol/mol' AND value BETWEEN 10 AND 200
            WHEN 'egfr' THEN value BETWEEN 1 AND 200
                AND unit IN ('mL/min/1.73m2', 'mL/min/{1.73_m2}', 'mL/min/1.73m^2', 'ml/min/1.73m2')
        END
)
GROUP BY patient_id, "group", days;

-- Change in a year: the least-squares line through the days; on one day only there is none.
CREATE TEMP TABLE measurements AS
SELECT
    patient_id,
    any_value(latest) FILTER ("group" = 'bmi') AS bmi_730d,
    any_value(latest) FILTER ("group" = 'systolic') AS systolic_730d,
    any_value(latest) FILTER ("group" = 'hba1c') AS hba1c_730d,
    any_value(latest) FILTER ("group" = 'egfr') AS egfr_730d,
    any_value(change) FILTER ("group" = 'bmi') AS bmi_change_1095d,
    any_value(change) FILTER ("group" = 'egfr') AS egfr_change_1095d,
FROM (
    SELECT
        patient_id,
        "group",
        arg_min(total / n, days) FILTER (days <= 730) AS latest,
        CASE WHEN max(days) - min(days) >= 90 THEN
            -365.25 * (sum(n) * sum(total * days) - sum(n * days) * sum(total))
                / (sum(n) * sum(n * days * days) - sum(n * days) ** 2)
        END AS change,
    FROM measured
    GROUP BY patient_id, "group"
)
GROUP BY patient_id;

CREATE TEMP TABLE reviews AS
SELECT
    patient_id,
    count(*) FILTER ("group" = 'condition_review' AND days <= 365) AS condition_review_365d,
    min(days) FILTER ("group" = 'medication_review') AS days_since_medication_review_730d,
FROM (
    SELECT rows.patient_id, "group", getvariable('index_date') - event_on AS days
    FROM gp_events AS rows
    JOIN matched ON rows.code = matched.code AND rows.code_system = matched.system AND list = 'reviews_and_vaccinations'
    JOIN cohort ON rows.patient_id = cohort.patient_id AND event_on >= gp_seen_from
    WHERE event_on < getvariable('index_date')
        AND event_on >= getvariable('index_date') - 730
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
)
GROUP BY patient_id;
