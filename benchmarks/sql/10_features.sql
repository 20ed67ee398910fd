-- Nothing found is zero where the window was seen, and missing where it was not.
COPY (
    SELECT
        patient_id,
        index_date,
        COLUMNS(* EXCLUDE (patient_id, index_date))::DOUBLE,
    FROM (
        SELECT
            patient_id,
            index_date,
            coalesce(ed_attendances_30d, 0) AS ed_attendances_30d,
            coalesce(ed_attendances_90d, 0) AS ed_attendances_90d,
            coalesce(ed_attendances_365d, 0) AS ed_attendances_365d,
            coalesce(ed_by_ambulance_90d, 0) AS ed_by_ambulance_90d,
            coalesce(ed_by_ambulance_365d, 0) AS ed_by_ambulance_365d,
            ed_ambulance_share_730d AS ed_ambulance_share_730d,
            coalesce(ed_high_acuity_365d, 0) AS ed_high_acuity_365d,
            coalesce(ed_left_before_treatment_365d, 0) AS ed_left_before_treatment_365d,
            coalesce(ed_major_365d, 0) AS ed_major_365d,
            coalesce(ed_minor_365d, 0) AS ed_minor_365d,
            days_since_ed_attendance_730d AS days_since_ed_attendance_730d,
            ed_rise_365d AS ed_rise_365d,
            coalesce(outpatient_attended_90d, 0) AS outpatient_attended_90d,
            coalesce(outpatient_attended_365d, 0) AS outpatient_attended_365d,
            coalesce(outpatient_missed_365d, 0) AS outpatient_missed_365d,
            outpatient_missed_share_730d AS outpatient_missed_share_730d,
            coalesce(outpatient_specialties_365d, 0) AS outpatient_specialties_365d,
            CASE WHEN days_seen >= 30 THEN coalesce(gp_appointments_30d, 0) END AS gp_appointments_30d,
            CASE WHEN days_seen >= 90 THEN coalesce(gp_appointments_90d, 0) END AS gp_appointments_90d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_appointments_365d, 0) END AS gp_appointments_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_appointments_missed_365d, 0) END AS gp_appointments_missed_365d,
            CASE WHEN days_seen >= 730 THEN gp_missed_share_730d END AS gp_missed_share_730d,
            CASE WHEN days_seen >= 90 THEN coalesce(gp_home_visits_90d, 0) END AS gp_home_visits_90d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_home_visits_365d, 0) END AS gp_home_visits_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_remote_365d, 0) END AS gp_remote_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_doctor_appointments_365d, 0) END AS gp_doctor_appointments_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_nurse_appointments_365d, 0) END AS gp_nurse_appointments_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(gp_pharmacist_appointments_365d, 0) END AS gp_pharmacist_appointments_365d,
            days_since_gp_appointment_365d AS days_since_gp_appointment_365d,
            CASE WHEN days_seen >= 365 THEN gp_rise_365d END AS gp_rise_365d,
            coalesce(community_contacts_30d, 0) AS community_contacts_30d,
            coalesce(community_contacts_90d, 0) AS community_contacts_90d,
            coalesce(community_contacts_365d, 0) AS community_contacts_365d,
            coalesce(community_missed_365d, 0) AS community_missed_365d,
            coalesce(district_nursing_90d, 0) AS district_nursing_90d,
            coalesce(district_nursing_365d, 0) AS district_nursing_365d,
            coalesce(community_teams_365d, 0) AS community_teams_365d,
            days_since_community_contact_365d AS days_since_community_contact_365d,
            coalesce(referrals_365d, 0) AS referrals_365d,
            coalesce(referred_to_social_care_365d, 0) AS referred_to_social_care_365d,
            CASE WHEN days_seen >= 90 THEN coalesce(medicines_90d, 0) END AS medicines_90d,
            CASE WHEN days_seen >= 365 THEN coalesce(medicine_types_365d, 0) END AS medicine_types_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(prescriptions_365d, 0) END AS prescriptions_365d,
            CASE WHEN days_seen >= 90 THEN coalesce(high_risk_medicines_90d, 0) END AS high_risk_medicines_90d,
            CASE WHEN days_seen >= 90 THEN coalesce(antibiotics_90d, 0) END AS antibiotics_90d,
            CASE WHEN days_seen >= 365 THEN coalesce(antibiotics_365d, 0) END AS antibiotics_365d,
            CASE WHEN days_seen >= 365 THEN coalesce(reliever_inhalers_365d, 0) END AS reliever_inhalers_365d,
            CASE WHEN days_seen >= 365 THEN prescriptions_rise_365d END AS prescriptions_rise_365d,
            bmi_730d AS bmi_730d,
            CASE WHEN days_seen >= 1095 THEN bmi_change_1095d END AS bmi_change_1095d,
            systolic_730d AS systolic_730d,
            hba1c_730d AS hba1c_730d,
            egfr_730d AS egfr_730d,
            CASE WHEN days_seen >= 1095 THEN egfr_change_1095d END AS egfr_change_1095d,
            CASE WHEN days_seen >= 365 OR condition_review_365d > 0 THEN coalesce((condition_review_365d > 0)::INTEGER, 0) END AS condition_review_365d,
            days_since_medication_review_730d AS days_since_medication_review_730d,
            coalesce(charlson_points_1095d, 0) AS charlson_points_1095d,
            coalesce(long_term_conditions_1095d, 0) AS long_term_conditions_1095d,
            coalesce(frailty_deficits_1095d, 0) AS frailty_deficits_1095d,
            coalesce(falls_180d, 0) AS falls_180d,
            coalesce(falls_365d, 0) AS falls_365d,
            coalesce(falls_1095d, 0) AS falls_1095d,
            coalesce((delirium_730d > 0)::INTEGER, 0) AS delirium_730d,
            coalesce(hospital_frailty_score_730d, 0) AS hospital_frailty_score_730d,
            coalesce(hospital_diagnoses_365d, 0) AS hospital_diagnoses_365d,
            coalesce(emergency_bed_days_90d, 0) AS emergency_bed_days_90d,
            coalesce(emergency_bed_days_365d, 0) AS emergency_bed_days_365d,
            coalesce(bed_days_365d, 0) AS bed_days_365d,
        FROM (SELECT *, index_date - gp_seen_from AS days_seen FROM cohort)
        LEFT JOIN ed USING (patient_id)
        LEFT JOIN outpatients USING (patient_id)
        LEFT JOIN gp USING (patient_id)
        LEFT JOIN community USING (patient_id)
        LEFT JOIN referred USING (patient_id)
        LEFT JOIN medicines USING (patient_id)
        LEFT JOIN high_risk USING (patient_id)
        LEFT JOIN measurements USING (patient_id)
        LEFT JOIN reviews USING (patient_id)
        LEFT JOIN comorbidity USING (patient_id)
        LEFT JOIN fallen USING (patient_id)
        LEFT JOIN hospital_frailty USING (patient_id)
        LEFT JOIN hospital_codes USING (patient_id)
        LEFT JOIN nights USING (patient_id)
    )
    ORDER BY patient_id
) TO '$out' (COMPRESSION zstd);
