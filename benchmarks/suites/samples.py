"""Samples and proteins on tables of 200,000 samples and 200,000 data collection groups."""

from __future__ import annotations

from benchmarks.databases import MEMBER, SESSIONS, STAFF
from benchmarks.suite import Case, Suite

SAMPLES = (
    "INSERT INTO Protein (proteinId, proposalId, name, acronym)"
    " SELECT seq, 1 + seq % 20000, CONCAT('Protein ', seq), CONCAT('P', seq) FROM seq_1_to_40000",
    "INSERT INTO Crystal (crystalId, proteinId) SELECT seq, seq FROM seq_1_to_40000",
    "INSERT INTO Shipping (shippingId, proposalId, shippingName)"
    " SELECT seq, seq, CONCAT('Shipment ', seq) FROM seq_1_to_20000",
    "INSERT INTO Dewar (dewarId, shippingId, code) SELECT seq, seq, CONCAT('D', seq) FROM seq_1_to_20000",
    "INSERT INTO Container (containerId, dewarId, code)"
    " SELECT seq, seq, CONCAT('C', seq) FROM seq_1_to_20000",
    "INSERT INTO BLSample (blSampleId, crystalId, containerId, name, location)"
    " SELECT seq, 1 + seq % 40000, 1 + (seq - 1) DIV 10, CONCAT('s', seq), seq % 10 FROM seq_1_to_200000",
    "INSERT INTO BLSubSample (blSampleId) SELECT seq FROM seq_1_to_200000",
    "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, blSampleId, experimentType)"
    " SELECT seq, 1 + seq % 100000, seq, ELT(1 + seq % 3, 'OSC', 'Mesh', 'SAD') FROM seq_1_to_200000",
    "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId)"
    " SELECT seq, seq FROM seq_1_to_200000",
    "INSERT INTO AutoProcIntegration (autoProcIntegrationId, dataCollectionId)"
    " SELECT seq, seq * 4 FROM seq_1_to_50000",
    "ANALYZE TABLE Protein, Crystal, Shipping, Dewar, Container, BLSample, BLSubSample, DataCollectionGroup,"
    " DataCollection, AutoProcIntegration",
)
"""20,000 proposals with two proteins, a shipment and ten samples each, and data of every sample."""

SUITES = (
    Suite(
        "200,000 samples",
        plugins=("ispyb", "samples"),
        fill=(*SESSIONS, *SAMPLES),
        cases=(
            Case("samples of a proposal, staff", "/samples?proposal=mx77", STAFF),
            Case("samples, staff", "/samples", STAFF, 1, 10),
            Case("samples, member of 300 sessions", "/samples", MEMBER),
            Case("proteins, staff", "/proteins", STAFF),
            Case("proteins, member of 300 sessions", "/proteins", MEMBER),
        ),
    ),
)
