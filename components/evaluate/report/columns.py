"""Titles and explanations of the metrics in the table of candidates."""

COLUMNS = {
    "log_loss": ("log loss", "lower is better"),
    "normalised_entropy": (
        "normalised entropy",
        "log loss over that of the base rate; below 1 is better",
    ),
    "auc": ("AUC", "higher is better"),
    "pr_auc": ("PR-AUC", "higher is better"),
    "lift_at_10_percent": ("lift at 10 %", "conversion rate of the best tenth over that of all"),
    "calibration_ratio": ("predicted / observed", "1 is right"),
    "ece": ("ECE", "mean gap between predicted and observed, in bins of equal mass"),
    "ips_conversions": ("conversions per list", "estimated from the logged order by examination (IPS, doubly robust)"),
    "snips": ("SNIPS per row", "the same, self-normalised: a second opinion"),
    "group_auc": ("AUC within lists", "weighted by rows"),
    "ndcg_at_10_biased": ("NDCG@10, biased", "by the logged order; a diagnostic that decides nothing"),
    "mrr_biased": ("MRR, biased", "by the logged order; a diagnostic that decides nothing"),
    "conversions_at_10_biased": ("conversions in top 10, biased", "by the logged order; decides nothing"),
}
