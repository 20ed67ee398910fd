CREATE TEMP TABLE community AS
SELECT
    patient_id,
    count(*) FILTER (days <= 30 AND seen) AS community_contacts_30d,
    count(*) FILTER (days <= 90 AND seen) AS community_contacts_90d,
    count(*) FILTER (seen) AS community_contacts_365d,
    count(*) FILTER (attended IN ('3', '7')) AS community_missed_365d,
    count(*) FILTER (days <= 90 AND seen AND team_type = 'district_nursing') AS district_nursing_90d,
    count(*) FILTER (seen AND team_type = 'district_nursing') AS district_nursing_365d,
    count(DISTINCT team_type) FILTER (seen) AS community_teams_365d,
    min(days) FILTER (seen) AS days_since_community_contact_365d,
FROM (
    SELECT *, coalesce(attended IN ('5', '6'), false) AS seen, getvariable('index_date') - contact_on AS days
    FROM community_contacts
    WHERE contact_on < getvariable('index_date')
        AND contact_on >= getvariable('index_date') - 365
        AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
)
GROUP BY patient_id;

CREATE TEMP TABLE referred AS
SELECT
    patient_id,
    count(*) AS referrals_365d,
    count(*) FILTER (service = 'social_care') AS referred_to_social_care_365d,
FROM referrals
WHERE referred_on < getvariable('index_date')
    AND referred_on >= getvariable('index_date') - 365
    AND (recorded_on IS NULL OR recorded_on < getvariable('index_date'))
GROUP BY patient_id;
