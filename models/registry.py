"""Names of the claims, in the order of the paper."""

CLAIMS = ["academic_share", "topic_compute", "code_release", "compute_gap", "pretrained_adoption", "weights_access"]
