/** Written by scripts/fit-area.mjs. */
import type { Area, Family } from './count.ts'
import type { Coefficients } from './model.ts'

export const COEFFICIENTS: Coefficients = {
  "ecp5": {
    "fetch": {
      "logic_lut": {
        "constant": 388.87,
        "bus_bytes": -0.976852
      },
      "lut": {
        "constant": 1018.87,
        "bus_bytes": -0.976852
      },
      "ff": {
        "constant": 134.204,
        "bus_bytes": -0.143519
      },
      "dsp": {
        "constant": 0,
        "bus_bytes": 0
      }
    },
    "issue": {
      "logic_lut": {
        "constant": 300,
        "queue_depth": 0
      },
      "lut": {
        "constant": 1476,
        "queue_depth": 0
      },
      "ff": {
        "constant": 196,
        "queue_depth": 0
      },
      "dsp": {
        "constant": 0,
        "queue_depth": 0
      }
    },
    "load": {
      "logic_lut": {
        "constant": 1653.19,
        "port_rotation": 21.9745,
        "bus_bytes": 18.7433,
        "rows": 121.62
      },
      "lut": {
        "constant": 2441.37,
        "port_rotation": 24.5953,
        "bus_bytes": 32.7141,
        "rows": 125.407
      },
      "ff": {
        "constant": 909.639,
        "port_rotation": 1.84062,
        "bus_bytes": 2.26981,
        "rows": 12.757
      },
      "dsp": {
        "constant": 4,
        "port_rotation": 0,
        "bus_bytes": 0,
        "rows": 0
      }
    },
    "mac": {
      "logic_lut": {
        "constant": 934.54,
        "lanes": 26.7167,
        "lanes_4": -0.664121,
        "lanes_2": 26.1121,
        "lanes_1": 27.3834,
        "cols": -146.89,
        "port_rotation": 4.85396
      },
      "lut": {
        "constant": 1081.76,
        "lanes": 35.0073,
        "lanes_4": 15.64,
        "lanes_2": 15.374,
        "lanes_1": 29.7296,
        "cols": -34.2306,
        "port_rotation": -0.45726
      },
      "ff": {
        "constant": 663.95,
        "lanes": 45.1417,
        "lanes_4": 18.7107,
        "lanes_2": 0.486472,
        "lanes_1": 6.40665,
        "cols": 191.407,
        "port_rotation": -6.83027
      },
      "dsp": {
        "constant": 0,
        "lanes": 1,
        "lanes_4": 0,
        "lanes_2": 0,
        "lanes_1": 0,
        "cols": 0,
        "port_rotation": 0
      }
    },
    "post": {
      "logic_lut": {
        "constant": 2045.59,
        "post_lanes": 1396.98,
        "cols": 182.308,
        "port_rotation": 10.4058
      },
      "lut": {
        "constant": 2616.99,
        "post_lanes": 2035.24,
        "cols": 210.608,
        "port_rotation": 18.5305
      },
      "ff": {
        "constant": 2486.99,
        "post_lanes": 547.613,
        "cols": 80.4702,
        "port_rotation": 1.98801
      },
      "dsp": {
        "constant": -2.633e-15,
        "post_lanes": 5,
        "cols": -1.08948e-15,
        "port_rotation": 1.38712e-16
      }
    },
    "store": {
      "logic_lut": {
        "constant": 447.952,
        "port_rotation": 9.07023,
        "bus_bytes": 38.2621
      },
      "lut": {
        "constant": 716.512,
        "port_rotation": 9.71982,
        "bus_bytes": 72.2492
      },
      "ff": {
        "constant": 586.558,
        "port_rotation": 4.82382,
        "bus_bytes": 3.75031
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "bus_bytes": 0
      }
    },
    "arbiter": {
      "logic_lut": {
        "constant": 154
      },
      "lut": {
        "constant": 196
      },
      "ff": {
        "constant": 30
      },
      "dsp": {
        "constant": 0
      }
    },
    "activation": {
      "logic_lut": {
        "constant": 104.922,
        "bank_port_bytes": 67.3461,
        "port_rotation": 45.7114,
        "banks": -19.2707
      },
      "lut": {
        "constant": 172.809,
        "bank_port_bytes": 67.5964,
        "port_rotation": 45.4771,
        "banks": -18.8782
      },
      "ff": {
        "constant": 10.6043,
        "bank_port_bytes": 0.0426174,
        "port_rotation": 0.0551617,
        "banks": 5.62716
      },
      "dsp": {
        "constant": 0,
        "bank_port_bytes": 0,
        "port_rotation": 0,
        "banks": 0
      }
    },
    "weights": {
      "logic_lut": {
        "constant": 2,
        "rows": 34
      },
      "lut": {
        "constant": 27.3333,
        "rows": 33.6667
      },
      "ff": {
        "constant": 1,
        "rows": 0
      },
      "dsp": {
        "constant": 0,
        "rows": 0
      }
    },
    "accumulators": {
      "logic_lut": {
        "constant": 0
      },
      "lut": {
        "constant": 0
      },
      "ff": {
        "constant": 0
      },
      "dsp": {
        "constant": 0
      }
    },
    "parameters": {
      "logic_lut": {
        "constant": -197.209,
        "port_rotation": 29.1918,
        "distributed_bytes": -0.182681
      },
      "lut": {
        "constant": -181.401,
        "port_rotation": 29.1301,
        "distributed_bytes": 0.317453
      },
      "ff": {
        "constant": 1.22945,
        "port_rotation": 0.0291096,
        "distributed_bytes": 0.24991
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "distributed_bytes": 0
      }
    },
    "index": {
      "logic_lut": {
        "constant": -81.0308,
        "port_rotation": 22.6062,
        "distributed_bytes": -0.0720349
      },
      "lut": {
        "constant": -65.2226,
        "port_rotation": 22.5445,
        "distributed_bytes": 0.428099
      },
      "ff": {
        "constant": 1.22945,
        "port_rotation": 0.0291096,
        "distributed_bytes": 0.24991
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "distributed_bytes": 0
      }
    },
    "tables": {
      "logic_lut": {
        "constant": 336.5,
        "port_rotation": 25.1875,
        "distributed_bytes": 0.32605
      },
      "lut": {
        "constant": 381.5,
        "port_rotation": 24.5625,
        "distributed_bytes": 0.832153
      },
      "ff": {
        "constant": 10,
        "port_rotation": 0.25,
        "distributed_bytes": 0.248535
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "distributed_bytes": 0
      }
    }
  }
}

/** Deviation from synthesis on the targets left out of the fit and on the present RTL, in percent of what was synthesized. */
export const ERRORS: Readonly<
  Partial<Record<Family, { readonly targets: number; readonly worst: Area; readonly mean: Area }>>
> = {
  "ecp5": {
    "targets": 5,
    "worst": {
      "logic_lut": 19.3,
      "lut": 11.5,
      "ff": 2.4,
      "dsp": 11.4,
      "bram": 2.7
    },
    "mean": {
      "logic_lut": 4.8,
      "lut": 2.9,
      "ff": 1.2,
      "dsp": 2.3,
      "bram": 0.5
    }
  }
}

/** The largest of the shapes that were fitted: beyond them the model extrapolates. */
export const LARGEST: Readonly<Partial<Record<Family, Readonly<Record<string, number>>>>> =
  {
  "ecp5": {
    "ROWS": 16,
    "COLS": 16,
    "LANES": 128,
    "POST_LANES": 4,
    "PORT_BYTES": 16,
    "BANKS": 8
  }
}
