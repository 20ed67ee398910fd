CREATE TEMP TABLE ed AS
SELECT
    patient_id,
    count(*) FILTER (days <= 30) AS ed_attendances_30d,
    count(*) FILTER (days <= 90) AS ed_attendances_90d,
    count(*) FILTER (days <= 365) AS ed_attendances_365d,
    count(*) FILTER (days <= 90 AND arrival_mode = '1') AS ed_by_ambulance_90d,
    count(*) FILTER (days <= 365 AND arrival_mode = '1') AS ed_by_ambulance_365d,
    count(*) FILTER (arrival_mode = '1') / count(*) AS ed_ambulance_share_730d,
    count(*) FILTER (days <= 365 AND acuity IN ('1', '2')) AS ed_high_acuity_365d,
    count(*) FILTER (days <= 365 AND disposal IN ('12', '13')) AS ed_left_before_treatment_365d,
    count(*) FILTER (days <= 365 AND department_type = '01') AS ed_major_365d,
    count(*) FILTER (days <= 365 AND department_type IN ('03', '04')) AS ed_minor_365d,
    min(days) AS days_since_ed_attendance_730d,
    count(*) FILTER (days <= 90) * (365 / 90) / nullif(count(*) FILTER (days <= 365), 0) AS ed_rise_365d,
FROM (
    SELECT *, getvariable('index_date') - arrived_at::DATE AS days
    FROM ed_attendances
    WHERE arrived_at < getvariable('index_date')
        AND arrived_at >= getvariable('index_date') - 730
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
)
GROUP BY patient_id;
