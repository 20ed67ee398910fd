-- Nights inside the window; a stay still open counts up to the index date.
CREATE TEMP TABLE nights AS
SELECT
    patient_id,
    least(coalesce(sum(greatest(least(days, 90) - days_out, 0)) FILTER (emergency), 0), 90) AS emergency_bed_days_90d,
    least(coalesce(sum(greatest(least(days, 365) - days_out, 0)) FILTER (emergency), 0), 365) AS emergency_bed_days_365d,
    least(sum(greatest(least(days, 365) - days_out, 0)), 365) AS bed_days_365d,
FROM (
    SELECT
        patient_id,
        admission_method IN ('21', '22', '23', '24', '25', '2A', '2D', '28') AS emergency,
        getvariable('index_date') - admitted_on AS days,
        CASE WHEN discharged_on < getvariable('index_date') THEN getvariable('index_date') - discharged_on ELSE 0 END
            AS days_out,
    FROM spells
    WHERE admitted_on < getvariable('index_date')
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
        AND (discharged_on IS NULL OR discharged_on >= getvariable('index_date') - 365)
)
GROUP BY patient_id;
