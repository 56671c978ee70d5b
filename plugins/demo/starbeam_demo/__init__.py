"""The demo's facility: Starbeam, a synchrotron with nine beamlines, its people and three years of sessions.

Of the proposal **mx1001** everything is known, to check answers by hand (`showcase`, `accounts`):

- title "Substrate recognition by bacterial ABC transporters", open, members `emarin` and `jweiss`;
- mx1001-1 on ID14-1, two days from 9:30 on the day 45 days ago: 12 groups with 15 data collections; the local
  contact `mxstaff`, the team leader `emarin`, the remote participant `tnovak`;
- mx1001-2 on ID27-1, which began 14 hours ago and ends in 10: 6 groups with 8 data collections; `mxstaff` and
  `emarin`;
- mx1001-3 on ID14-1, two days from 9:30 in 12 days: nothing yet; `mxstaff` and `emarin`.
"""
