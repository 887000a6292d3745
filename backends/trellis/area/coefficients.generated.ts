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
  },
  "xc7": {
    "fetch": {
      "logic_lut": {
        "constant": 180.056,
        "bus_bytes": -0.652778
      },
      "lut": {
        "constant": 362.574,
        "bus_bytes": -1.24537
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
        "constant": 380,
        "queue_depth": 0
      },
      "lut": {
        "constant": 1068,
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
        "constant": 1364.08,
        "port_rotation": 7.85314,
        "bus_bytes": 7.0239,
        "rows": 138.812
      },
      "lut": {
        "constant": 1631.87,
        "port_rotation": 16.7569,
        "bus_bytes": -34.354,
        "rows": 137.199
      },
      "ff": {
        "constant": 1205.22,
        "port_rotation": 8.28217,
        "bus_bytes": -25.5548,
        "rows": 9.86067
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
        "constant": 577.535,
        "lanes": 21.857,
        "lanes_4": 20.1829,
        "lanes_2": 8.09775,
        "lanes_1": 20.5622,
        "cols": 25.1274,
        "port_rotation": -1.05631
      },
      "lut": {
        "constant": 610.502,
        "lanes": 21.8462,
        "lanes_4": 20.2971,
        "lanes_2": 8.2301,
        "lanes_1": 20.5844,
        "cols": 25.1268,
        "port_rotation": -1.03413
      },
      "ff": {
        "constant": 507.366,
        "lanes": 34.6257,
        "lanes_4": 13.3735,
        "lanes_2": -3.21594,
        "lanes_1": 16.4759,
        "cols": 156.449,
        "port_rotation": -4.56417
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
        "constant": 1696.11,
        "post_lanes": 1484.99,
        "cols": 156.886,
        "port_rotation": 3.49233
      },
      "lut": {
        "constant": 1741.31,
        "post_lanes": 1580.4,
        "cols": 149.415,
        "port_rotation": 8.6318
      },
      "ff": {
        "constant": 2732.85,
        "post_lanes": 723.15,
        "cols": 81.7967,
        "port_rotation": 1.94838
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
        "constant": 646.869,
        "port_rotation": 6.09338,
        "bus_bytes": 15.1539
      },
      "lut": {
        "constant": 692.97,
        "port_rotation": 9.30652,
        "bus_bytes": 15.5679
      },
      "ff": {
        "constant": 587.558,
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
        "constant": 160
      },
      "lut": {
        "constant": 168
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
        "constant": -213.914,
        "bank_port_bytes": 44.5919,
        "port_rotation": 39.0404,
        "banks": 126.79
      },
      "lut": {
        "constant": -213.914,
        "bank_port_bytes": 44.5919,
        "port_rotation": 39.0404,
        "banks": 126.79
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
        "constant": 8.78571,
        "rows": 33.0179
      },
      "lut": {
        "constant": 8.78571,
        "rows": 33.0179
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
        "constant": -50.4,
        "port_rotation": 11.55,
        "distributed_bytes": 0.000585938
      },
      "lut": {
        "constant": -65.0581,
        "port_rotation": 12.479,
        "distributed_bytes": 0.173771
      },
      "ff": {
        "constant": -28.0734,
        "port_rotation": 1.88669,
        "distributed_bytes": 0.0963639
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "distributed_bytes": 0
      }
    },
    "index": {
      "logic_lut": {
        "constant": 21.0581,
        "port_rotation": 7.02097,
        "distributed_bytes": 0.0000567036
      },
      "lut": {
        "constant": 6.4,
        "port_rotation": 7.95,
        "distributed_bytes": 0.173242
      },
      "ff": {
        "constant": -28.0734,
        "port_rotation": 1.88669,
        "distributed_bytes": 0.0963639
      },
      "dsp": {
        "constant": 0,
        "port_rotation": 0,
        "distributed_bytes": 0
      }
    },
    "tables": {
      "logic_lut": {
        "constant": 41.2,
        "port_rotation": 17.1,
        "distributed_bytes": -0.00136719
      },
      "lut": {
        "constant": -10,
        "port_rotation": 23.5,
        "distributed_bytes": 0.161133
      },
      "ff": {
        "constant": -91.2,
        "port_rotation": 12.9,
        "distributed_bytes": 0.0755859
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
  Record<Family, { readonly targets: number; readonly worst: Area; readonly mean: Area }>
> = {
  "ecp5": {
    "targets": 5,
    "worst": {
      "logic_lut": 5.1,
      "lut": 3.1,
      "ff": 4.3,
      "dsp": 0,
      "bram": 0
    },
    "mean": {
      "logic_lut": 2.5,
      "lut": 1.7,
      "ff": 1.5,
      "dsp": 0,
      "bram": 0
    }
  },
  "xc7": {
    "targets": 5,
    "worst": {
      "logic_lut": 2.5,
      "lut": 2.6,
      "ff": 5.4,
      "dsp": 0,
      "bram": 0
    },
    "mean": {
      "logic_lut": 1.8,
      "lut": 1.8,
      "ff": 1.9,
      "dsp": 0,
      "bram": 0
    }
  }
}

/** The largest of the shapes that the model was fitted to or checked on: beyond them nothing is known of its error. */
export const LARGEST: Readonly<Record<Family, Readonly<Record<string, number>>>> =
  {
  "ecp5": {
    "ROWS": 16,
    "COLS": 16,
    "LANES": 256,
    "POST_LANES": 16,
    "PORT_BYTES": 16,
    "BANKS": 8
  },
  "xc7": {
    "ROWS": 16,
    "COLS": 16,
    "LANES": 256,
    "POST_LANES": 16,
    "PORT_BYTES": 16,
    "BANKS": 8
  }
}
