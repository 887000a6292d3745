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
        "constant": 288,
        "queue_depth": 0
      },
      "lut": {
        "constant": 1464,
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
        "constant": 1012.79,
        "port_rotation": 12.6537,
        "bus_bytes": 26.7055,
        "rows": 131.72
      },
      "lut": {
        "constant": 1881.45,
        "port_rotation": 15.3143,
        "bus_bytes": 36.807,
        "rows": 134.888
      },
      "ff": {
        "constant": 1187.26,
        "port_rotation": 1.81852,
        "bus_bytes": 3.83612,
        "rows": 12.1009
      },
      "dsp": {
        "constant": 3,
        "port_rotation": 0,
        "bus_bytes": 0,
        "rows": 0
      }
    },
    "mac": {
      "logic_lut": {
        "constant": 682.165,
        "lanes": 21.9933,
        "lanes_4": -4.18408,
        "lanes_2": 29.3211,
        "lanes_1": 26.5652,
        "cols": -164.683,
        "port_rotation": 10.1997
      },
      "lut": {
        "constant": 825.311,
        "lanes": 30.4483,
        "lanes_4": 12.2046,
        "lanes_2": 18.4916,
        "lanes_1": 28.944,
        "cols": -52.5862,
        "port_rotation": 4.73824
      },
      "ff": {
        "constant": 685.186,
        "lanes": 44.6261,
        "lanes_4": 17.9522,
        "lanes_2": 1.09981,
        "lanes_1": 6.29272,
        "cols": 158.193,
        "port_rotation": -4.95267
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
        "constant": 1397.6,
        "post_lanes": 1198.49,
        "cols": 165.14,
        "port_rotation": 10.8574
      },
      "lut": {
        "constant": 1956.58,
        "post_lanes": 1941.19,
        "cols": 195.083,
        "port_rotation": 18.7757
      },
      "ff": {
        "constant": 2987.5,
        "post_lanes": 980.523,
        "cols": 82.3041,
        "port_rotation": 1.86912
      },
      "dsp": {
        "constant": 4.78597e-15,
        "post_lanes": 3,
        "cols": -5.45508e-17,
        "port_rotation": -2.56069e-17
      }
    },
    "store": {
      "logic_lut": {
        "constant": 441.195,
        "port_rotation": 8.99692,
        "bus_bytes": 36.653
      },
      "lut": {
        "constant": 709.754,
        "port_rotation": 9.64651,
        "bus_bytes": 70.64
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
        "constant": 133
      },
      "lut": {
        "constant": 175
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
        "constant": 107.903,
        "bank_port_bytes": 55.4839,
        "port_rotation": 43.5403,
        "banks": 55.0155
      },
      "lut": {
        "constant": 203.435,
        "bank_port_bytes": 55.3521,
        "port_rotation": 43.308,
        "banks": 56.8848
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
        "constant": -19.1849,
        "port_rotation": 16.262,
        "distributed_bytes": 0.293377
      },
      "lut": {
        "constant": -3.37671,
        "port_rotation": 16.2003,
        "distributed_bytes": 0.793511
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
        "constant": 35.7192,
        "port_rotation": 12.4812,
        "distributed_bytes": 0.288561
      },
      "lut": {
        "constant": 51.5274,
        "port_rotation": 12.4195,
        "distributed_bytes": 0.788695
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
        "constant": 82.5,
        "port_rotation": 23.9375,
        "distributed_bytes": 0.246948
      },
      "lut": {
        "constant": 127.5,
        "port_rotation": 23.3125,
        "distributed_bytes": 0.753052
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
    "targets": 4,
    "worst": {
      "logic_lut": 3.4,
      "lut": 2.3,
      "ff": 1.6,
      "dsp": 0,
      "bram": 0
    },
    "mean": {
      "logic_lut": 1.9,
      "lut": 1.4,
      "ff": 0.8,
      "dsp": 0,
      "bram": 0
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
