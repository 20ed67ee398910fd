CREATE TEMP TABLE outpatients AS
SELECT
    patient_id,
    count(*) FILTER (days <= 90 AND seen) AS outpatient_attended_90d,
    count(*) FILTER (days <= 365 AND seen) AS outpatient_attended_365d,
    count(*) FILTER (days <= 365 AND NOT seen) AS outpatient_missed_365d,
    count(*) FILTER (NOT seen) / count(*) AS outpatient_missed_share_730d,
    count(DISTINCT specialty) FILTER (days <= 365 AND seen) AS outpatient_specialties_365d,
FROM (
    SELECT patient_id, specialty, attended IN ('5', '6') AS seen, getvariable('index_date') - appointment_on AS days
    FROM outpatient_appointments
    WHERE appointment_on < getvariable('index_date')
        AND appointment_on >= getvariable('index_date') - 730
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
        AND attended IN ('5', '6', '3', '7')
)
GROUP BY patient_id;
