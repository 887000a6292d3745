/** The codes of all diagnostics: the table behind docs/errors.md. A test holds it equal to what the sources use. */

export interface ErrorCode {
  readonly means: string
  readonly remedy: string
}

export const ERROR_CODES: Readonly<Record<string, ErrorCode>> = {
  'check/accuracy-floor': {
    means: 'The accuracy that was measured is below `--floor`. The exit code is 3.',
    remedy: 'Measure with `--backend reference` to tell a weak model from a wrong backend.',
  },

  'cli/conflicting-option': {
    means: 'Two options were given that exclude each other.',
    remedy: 'Leave one out.',
  },
  'cli/excess-arguments': {
    means: 'More arguments were given than the command takes.',
    remedy: 'Quote paths with spaces; see `espalier help COMMAND`.',
  },
  'cli/invalid-argument': {
    means: 'The value of an option or argument is none that it takes.',
    remedy: 'See `espalier help COMMAND` for the values.',
  },
  'cli/missing-argument': {
    means: 'A command was given without an argument that it needs.',
    remedy: 'See `espalier help COMMAND`.',
  },
  'cli/missing-mandatory-option-value': {
    means: 'A command was given without an option that it needs.',
    remedy: 'Add the option that the message names.',
  },
  'cli/not-available': {
    means: 'This version lacks what was asked for.',
    remedy: 'The hint names what can be used instead.',
  },
  'cli/option-missing-argument': {
    means: 'An option was given without its value.',
    remedy: 'Put the value after it.',
  },
  'cli/unknown-command': {
    means: 'There is no such command.',
    remedy: 'Take the spelling that the hint suggests, or see `espalier help`.',
  },
  'cli/unknown-option': {
    means: 'The command has no such option.',
    remedy: 'Take the spelling that the hint suggests, or see `espalier help COMMAND`.',
  },

  'file/is-folder': {
    means: 'A folder stands where a file is needed.',
    remedy: 'Name a file in it.',
  },
  'file/not-found': {
    means: 'There is no file of that name.',
    remedy: 'Check the path; it is relative to the current folder.',
  },
  'file/unreadable': {
    means: 'The file exists and the system refuses to read it.',
    remedy: 'Check its permissions and size.',
  },

  'input/archive-of-several': {
    means: 'A `.npz` of several arrays was given where one array is wanted.',
    remedy: 'Save the one array with `numpy.save`.',
  },
  'input/channel-count': {
    means: '`--mean` or `--std` hold another number of values than the array has channels.',
    remedy: 'Give one value, or one for each channel. `--data-layout` says which axis the channels are.',
  },
  'input/layout-ambiguous': {
    means: 'Height, width and channels are equal, so the array fits the input in both layouts.',
    remedy: "Leave `--data-layout` out and give the array in the model's own layout.",
  },
  'input/missing': {
    means: 'An input of the model was given no array.',
    remedy: 'Add `--input NAME=X.npy`, or the key to the `.npz`.',
  },
  'input/no-samples': {
    means: 'The array is empty along its first axis, the samples.',
    remedy: 'Give at least one sample.',
  },
  'input/not-finite': {
    means: 'The array holds a NaN or an infinity, or scaling made one.',
    remedy: 'Look for a division by zero or missing data where the array was made.',
  },
  'input/not-quantized': {
    means: 'The input is of an integer type without scale and zero point, so real values cannot become it.',
    remedy: "Save the array with the model's own element type.",
  },
  'input/out-of-range': {
    means: 'A warning: many values lie outside what the input can hold and were clamped.',
    remedy: 'Scale the data as in training with `--scale`, `--mean` and `--std`.',
  },
  'input/sample-count': {
    means: 'The inputs were given different numbers of samples.',
    remedy: 'Give every input the same number along the first axis.',
  },
  'input/scale-unused': {
    means: "A warning: the array has the model's own element type, so scaling does not apply.",
    remedy: 'Leave the scaling out, or give real values as floats.',
  },
  'input/shape': {
    means: "The array's shape does not fit the input's.",
    remedy: 'The hint says which shape would fit, or how to get there.',
  },
  'input/twice': {
    means: 'An input was given two arrays.',
    remedy: 'Give it one.',
  },
  'input/unknown': {
    means: 'The model has no input of that name.',
    remedy: 'Take one of the names that the message lists.',
  },
  'input/unnamed': {
    means: 'The model has several inputs, and the arrays do not say which is for which.',
    remedy: 'Give a `.npz` whose keys are the names, or repeat `--input NAME=X.npy`.',
  },

  'labels/count': {
    means: 'There are more or fewer labels than samples.',
    remedy: 'Give one label a sample, in the same order.',
  },
  'labels/range': {
    means: 'A label is no class that the model tells apart.',
    remedy: 'Check that the labels belong to this model.',
  },
  'labels/several-outputs': {
    means: 'The model has several outputs, for which accuracy is not defined.',
    remedy: 'Use `espalier run` and compare the outputs yourself.',
  },
  'labels/shape': {
    means: 'Labels of several axes have other axes than the outputs without their classes.',
    remedy: 'Give one label a sample, or one for each element of the output map.',
  },
  'labels/type': {
    means: 'The labels are not integers.',
    remedy: 'Save `labels.astype(numpy.int32)`.',
  },

  'npy/dtype': {
    means: 'The elements are of a type that is not read: objects, strings, half floats, records.',
    remedy: 'Convert them first, for example `array.astype(numpy.float32)`.',
  },
  'npy/empty': {
    means: 'The file has no bytes.',
    remedy: 'Write it with `numpy.save`.',
  },
  'npy/header': {
    means: "The header is not NumPy's dictionary of `descr`, `fortran_order` and `shape`.",
    remedy: 'Save the array again with `numpy.save`.',
  },
  'npy/not-npy': {
    means: 'The file does not start as a `.npy` file does.',
    remedy: 'Write arrays with `numpy.save` or `numpy.savez`.',
  },
  'npy/truncated': {
    means: 'The file ends before its header or its elements do.',
    remedy: 'Write or copy it again.',
  },
  'npy/version': {
    means: 'The version of the format is none of 1.0, 2.0 and 3.0.',
    remedy: 'Save the array again with a current NumPy.',
  },
  'npz/empty': {
    means: 'The archive holds no array.',
    remedy: 'Write it with `numpy.savez`.',
  },
  'npz/not-zip': {
    means: 'The file is no ZIP archive, is damaged, or unpacks to more than 2 GiB.',
    remedy: 'Write it with `numpy.savez`.',
  },

  'output/in-the-way': {
    means: 'A folder stands where a file is to be written, or a file where a folder is.',
    remedy: 'Give another name, or remove it.',
  },
  'output/no-folder': {
    means: 'The folder that the output is to go into does not exist.',
    remedy: 'Make it first: `mkdir -p FOLDER`.',
  },
  'output/not-writable': {
    means: 'The system refuses to write there.',
    remedy: 'Check the permissions of the folder and the space left on the disk.',
  },
  'output/several-arrays': {
    means: 'The model has several outputs, and a `.npy` file holds one array.',
    remedy: 'Name a `.npz` file.',
  },
}
