CREATE TEMP TABLE gp AS
SELECT
    patient_id,
    count(*) FILTER (days <= 30 AND kept) AS gp_appointments_30d,
    count(*) FILTER (days <= 90 AND kept) AS gp_appointments_90d,
    count(*) FILTER (days <= 365 AND kept) AS gp_appointments_365d,
    count(*) FILTER (days <= 365 AND NOT kept) AS gp_appointments_missed_365d,
    count(*) FILTER (NOT kept) / count(*) AS gp_missed_share_730d,
    count(*) FILTER (days <= 90 AND kept AND mode = 'home') AS gp_home_visits_90d,
    count(*) FILTER (days <= 365 AND kept AND mode = 'home') AS gp_home_visits_365d,
    count(*) FILTER (days <= 365 AND kept AND mode IN ('telephone', 'video')) AS gp_remote_365d,
    count(*) FILTER (days <= 365 AND kept AND staff_role = 'gp') AS gp_doctor_appointments_365d,
    count(*) FILTER (days <= 365 AND kept AND staff_role = 'nurse') AS gp_nurse_appointments_365d,
    count(*) FILTER (days <= 365 AND kept AND staff_role = 'pharmacist') AS gp_pharmacist_appointments_365d,
    min(days) FILTER (days <= 365 AND kept) AS days_since_gp_appointment_365d,
    count(*) FILTER (days <= 90 AND kept) * (365 / 90) / nullif(count(*) FILTER (days <= 365 AND kept), 0)
        AS gp_rise_365d,
FROM (
    SELECT rows.*, status = 'attended' AS kept, getvariable('index_date') - appointment_on AS days
    FROM gp_appointments AS rows
    JOIN cohort ON rows.patient_id = cohort.patient_id AND appointment_on >= gp_seen_from
    WHERE appointment_on < getvariable('index_date')
        AND appointment_on >= getvariable('index_date') - 730
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
        AND status IN ('attended', 'dna')
)
GROUP BY patient_id;
