/**
 * The codes of all diagnostics, each with what it means and what to do: the table behind docs/errors.md. A test holds
 * it equal to what the sources use.
 */
export const ERROR_CODES: Readonly<Record<string, string>> = {
  'area/no-yosys':
    'Synthesis wants Yosys, an optional package. `npm install @yowasp/yosys`, or take `--model`.',
  'asm/field-twice': 'An instruction gives a field twice. Leave one out.',
  'asm/number': 'The value of a field is no whole number. Write it in decimal or 0x hexadecimal.',
  'asm/range': 'The value of a field does not fit its bits. The hint says what the field means.',
  'asm/syntax':
    "A word after the instruction's name is not of the form NAME=VALUE. Write fields without spaces around `=`.",
  'asm/unknown-field':
    'The instruction has no field of that name. The hint names the nearest, or all of them.',
  'asm/unknown-instruction': 'There is no such instruction. Take the spelling that the hint suggests.',
  'asm/unknown-unit': '`wait` or `signal` name a unit that does not exist. Use load, mac, post or store.',
  'bundle/missing-file':
    'The folder lacks a file that every WebAssembly bundle has. Name one that `espalier compile --target wasm` wrote, or copy it whole.',
  'bundle/unusable':
    'A WebAssembly bundle cannot be loaded: a file is missing, damaged or of another build; the message says which. Copy the folder whole, or compile the model again.',
  'check/accuracy-floor':
    'The accuracy that was measured is below `--floor`. The exit code is 3. Measure with `--backend reference` to tell a weak model from a wrong backend.',
  'check/different':
    "A backend's outputs differ from the reference interpreter's. The exit code is 3. It is a bug of the compiler: report it with the model, the seed and the number of runs.",
  'check/increase':
    'The second of two compared simulations needs more than `--fail-above` allows, in the metrics that the message names. The exit code is 3. Find the layers in the table, or raise the limit.',
  'cli/conflicting-option': 'Two things were asked for that exclude each other. Leave one out.',
  'cli/excess-arguments':
    'More arguments were given than the command takes. Quote paths with spaces; see `espalier help COMMAND`.',
  'cli/invalid-argument':
    'The value of an option or argument is none that it takes. See `espalier help COMMAND` for the values.',
  'cli/missing-argument':
    'A command was given without an argument that it needs. See `espalier help COMMAND`.',
  'cli/missing-mandatory-option-value':
    'A command was given without an option that it needs. Add the option that the message names.',
  'cli/not-available': 'This version lacks what was asked for. The hint names what can be used instead.',
  'cli/option-missing-argument': 'An option was given without its value. Put the value after it.',
  'cli/unknown-command':
    'There is no such command. Take the spelling that the hint suggests, or see `espalier help`.',
  'cli/unknown-option':
    'The command has no such option. Take the spelling that the hint suggests, or see `espalier help COMMAND`.',
  'file/is-folder': 'A folder stands where a file is needed. Name a file in it.',
  'file/not-found': 'There is no file of that name. Check the path; it is relative to the current folder.',
  'file/unreadable': 'The file exists and the system refuses to read it. Check its permissions and size.',
  'image/address': 'The manifest places something outside DRAM. Compile the model again.',
  'image/checksum': 'A file of a compiled folder was changed after it was written. Compile the model again.',
  'image/invalid': 'A key of the manifest is missing or of the wrong kind. Compile the model again.',
  'image/missing-file': 'A compiled folder lacks one of its files. Compile the model again.',
  'image/not-a-program':
    'The manifest is not one of a Trellis program. Name a folder that `espalier compile` wrote for a Trellis target.',
  'image/not-json': 'The manifest is not JSON. Compile the model again.',
  'image/size':
    'A file of a compiled folder has another size than the manifest says. Copy the folder whole, or compile the model again.',
  'image/version': 'The folder was written by another version. Compile the model again.',
  'input/archive-of-several':
    'A `.npz` of several arrays was given where one array is wanted. Save the one array with `numpy.save`.',
  'input/channel-count':
    '`--mean` or `--std` hold another number of values than the array has channels. Give one value, or one for each channel. `--data-layout` says which axis the channels are.',
  'input/layout-ambiguous':
    "Height, width and channels are equal, so the array fits the input in both layouts. Leave `--data-layout` out and give the array in the model's own layout.",
  'input/missing':
    'An input of the model was given no array. Add `--input NAME=X.npy`, or the key to the `.npz`.',
  'input/no-samples': 'The array is empty along its first axis, the samples. Give at least one sample.',
  'input/not-finite':
    'The array holds a NaN or an infinity, or scaling made one. Look for a division by zero or missing data where the array was made.',
  'input/not-quantized':
    "The input is of an integer type without scale and zero point, so real values cannot become it. Save the array with the model's own element type.",
  'input/out-of-range':
    'A warning: many values lie outside what the input can hold and were clamped. Scale the data as in training with `--scale`, `--mean` and `--std`.',
  'input/sample-count':
    'The inputs were given different numbers of samples. Give every input the same number along the first axis.',
  'input/scale-unused':
    "A warning: the array has the model's own element type, so scaling does not apply. Leave the scaling out, or give real values as floats.",
  'input/shape':
    "The array's shape does not fit the input's. The hint says which shape would fit, or how to get there.",
  'input/twice': 'An input was given two arrays. Give it one.',
  'input/unknown': 'The model has no input of that name. Take one of the names that the message lists.',
  'input/unnamed':
    'The model has several inputs, and the arrays do not say which is for which. Give a `.npz` whose keys are the names, or repeat `--input NAME=X.npy`.',
  'ir/arity': 'A node has too few or too many operands or results. The message says how many the op takes.',
  'ir/attribute': 'An attribute is missing or of the wrong kind. The message says what is expected.',
  'ir/constraint': 'A node breaks a rule of its op. The message states the rule, the notes the operands.',
  'ir/data': 'A constant holds another number or kind of elements than its type says. Mend the model file.',
  'ir/duplicate-node': 'Two nodes have one name. Rename one.',
  'ir/input':
    'An interpreter was given too few or too many inputs, or of the wrong size. Give one array an input, with as many elements as its type says.',
  'ir/order': 'A node stands before one whose result it reads. Put nodes in topological order.',
  'ir/quantization':
    'The quantization parameters of a value do not fit its type. The message says what is wrong with them.',
  'ir/redefinition': 'A value is defined twice. Give one of them another name.',
  'ir/shape':
    "The shapes of operands do not fit together, or the result's is another than follows from them. The message shows both.",
  'ir/undefined-value': 'A value is read that nothing defines. Check its name.',
  'ir/unknown-attribute': 'The op has no attribute of that name. Take the spelling that the hint suggests.',
  'ir/unknown-op': 'There is no such op. Take the spelling that the hint suggests.',
  'isa/length':
    'The bytes are no whole number of instructions. Give a `program.bin`, or another file that `espalier asm` wrote.',
  'isa/unknown-opcode':
    'The bytes hold an opcode that no instruction has. Give a `program.bin`, or another file that `espalier asm` wrote.',
  'isa/unused-bits':
    'An instruction has bits set that it does not use. Give a `program.bin`, or another file that `espalier asm` wrote.',
  'labels/count': 'There are more or fewer labels than samples. Give one label a sample, in the same order.',
  'labels/range':
    'A label is no class that the model tells apart. Check that the labels belong to this model.',
  'labels/several-outputs':
    'The model has several outputs, for which accuracy is not defined. Use `espalier run` and compare the outputs yourself.',
  'labels/shape':
    'Labels of several axes have other axes than the outputs without their classes. Give one label a sample, or one for each element of the output map.',
  'labels/type': 'The labels are not integers. Save `labels.astype(numpy.int32)`.',
  'model/compiled':
    'A compiled folder was given where the model is needed, or one that was compiled for another backend. Use the `--backend` that the hint names, or give the model that was compiled.',
  'model/empty': 'The model file has no bytes. Write or fetch it again.',
  'model/fixed-batch':
    'A batch was asked for, and the model has a fixed one. Leave `--batch` out, or export an ONNX file with an open batch.',
  'model/foreign':
    'The file is no model; the message says what it looks like. Give a `.tflite` or `.esp` file.',
  'model/not-a-file': 'A device or a pipe was given as model. Save the model to a file first.',
  'model/too-large': 'The file is larger than 2 GiB. Check that it is the model.',
  'netlist/clock':
    'A circuit has more than one clock, a gated one, or registers that change at the falling edge. Use the rising edge of one clock port, and enables.',
  'netlist/combinational-loop':
    'Signals of a circuit depend on themselves without a register between; the message names them. Put a register into the loop.',
  'netlist/no-module':
    'A netlist has no module of the name that was asked for. Take one of those that the hint lists.',
  'netlist/unsupported-cell':
    'A netlist has a cell that a cycle model cannot evaluate, such as a latch, a division or an asynchronous reset. Describe it otherwise.',
  'netlist/yosys':
    'Yosys refuses SystemVerilog sources; the message is its own. Correct the line that it names.',
  'npy/dtype':
    'The elements are of a type that is not read: objects, strings, half floats, records. Convert them first, for example `array.astype(numpy.float32)`.',
  'npy/empty': 'The file has no bytes. Write it with `numpy.save`.',
  'npy/header':
    "The header is not NumPy's dictionary of `descr`, `fortran_order` and `shape`. Save the array again with `numpy.save`.",
  'npy/not-npy':
    'The file does not start as a `.npy` file does. Write arrays with `numpy.save` or `numpy.savez`.',
  'npy/truncated': 'The file ends before its header or its elements do. Write or copy it again.',
  'npy/version':
    'The version of the format is none of 1.0, 2.0 and 3.0. Save the array again with a current NumPy.',
  'npz/empty': 'The archive holds no array. Write it with `numpy.savez`.',
  'npz/not-zip':
    'The file is no ZIP archive, is damaged, or unpacks to more than 2 GiB. Write it with `numpy.savez`.',
  'output/given-twice': 'Two results would be written to one file. Give each a name of its own.',
  'output/in-the-way':
    'A folder stands where a file is to be written, or a file where a folder is, or the folder was compiled into for another backend. Give another name, or remove it.',
  'output/no-folder':
    'The folder that the output is to go into does not exist. Make it first: `mkdir -p FOLDER`.',
  'output/not-writable':
    'The system refuses to write there. Check the permissions of the folder and the space left on the disk.',
  'output/overwrites-input': 'A result would replace the file that it is made from. Give it another name.',
  'output/several-arrays':
    'The model has several outputs, and a `.npy` file holds one array. Name a `.npz` file.',
  'program/address':
    'An instruction reaches beyond the end of a memory. A compiled program never does: mend the assembly text.',
  'program/data-hazard':
    'An instruction may touch data that another unit still reads or writes. Order the two by a token, as the hint says.',
  'program/deadlock': 'A unit waits for a token that never comes. Add the `signal` that it waits for.',
  'program/end':
    'Instructions follow an `end`, or the last one is none. Let every segment finish with one `end`.',
  'program/field': 'A field holds a value that its bits cannot. See docs/isa.md for the ranges.',
  'program/illegal':
    'The machine met an instruction that it cannot carry out. A compiled program never has one: mend the assembly text.',
  'program/not-ready':
    'An instruction reads what nothing has written: of a memory the message names the places. Load or compute it before.',
  'program/operand':
    'An instruction asks for what the target or its own rules do not allow. The message says which rule.',
  'program/overwrites':
    'The program writes to DRAM where weights or instructions stand. Write to a buffer of activations.',
  'program/port-conflict':
    'Two units may use one port of a bank at once. Order the two by a token, as the hint says.',
  'program/token':
    'An instruction waits for or signals a unit that it cannot. See docs/timing.md for who may signal whom.',
  'program/tokens-left':
    'At the end there are tokens that nothing has taken. Remove the `signal`, or add the `wait`.',
  'program/too-many-tokens':
    'More tokens may wait than their counter holds. Let the receiver take some in between.',
  'onnx/bad-attribute':
    'An attribute of a node has a value that makes no sense. onnx.checker says more about the file.',
  'onnx/bad-node': 'A node lacks an input that it needs. Export the model again.',
  'onnx/bad-shape':
    'The shapes of a node’s operands do not fit together, or its attributes do not fit them. Run ONNX’s shape inference on the model: it names the first fault.',
  'onnx/bad-tensor':
    'A tensor has another number of elements than its shape, or a shape beyond 2 GiB. Is the file complete?',
  'onnx/corrupt': 'The file is not a whole protobuf message. Fetch or export it again.',
  'onnx/cycle': 'A node needs its own result. Export the model without loops.',
  'onnx/dynamic-shape':
    'A size of an input other than the batch is left open. Export the model with fixed sizes.',
  'onnx/external-path':
    'Weights are said to lie outside the folder of the model. Save it again with its data beside it.',
  'onnx/external-size':
    'The file with the weights is shorter than the model says. Is it complete, and the one that belongs to the model?',
  'onnx/no-graph': 'The file holds no graph. Is it an ONNX model?',
  'onnx/not-constant':
    'An operand must be known when the model is compiled, and is computed. Export the model with constants folded.',
  'onnx/opset': 'The file uses operators older than version 7. Convert it with onnx.version_converter.',
  'onnx/redefinition': 'A value has two definitions. onnx.checker says more about the file.',
  'onnx/undefined-input': 'A node reads a value that nothing gives. Is the model complete?',
  'onnx/unsupported-attribute':
    'An operator is supported, but not with this attribute. The hint names a way around, where there is one.',
  'onnx/unsupported-operator':
    'Operators that cannot be imported, all of them, with their number. Replace them in the model.',
  'onnx/unsupported-rank': 'An operator is supported, but not on tensors of so many dimensions.',
  'onnx/unsupported-type':
    'Elements of a type that no operation computes on. Export the model in float32, or quantized to integers.',
  'rtl/unsupported':
    'There is no RTL of this target: it takes addresses apart by their bits, so most sizes must be powers of two. The message names the key, the hint what it can be.',
  'simulation/foreign':
    'The file is JSON, but not what `espalier simulate --json` prints. Save a simulation with `espalier simulate MODEL --json > FILE`.',
  'simulation/invalid':
    'A key of a saved simulation is missing or of the wrong kind: another version wrote it, or it was changed by hand. Simulate again.',
  'simulation/not-json':
    'The file is not JSON. Save a simulation with `espalier simulate MODEL --json > FILE`; `npm run` adds lines unless it is `npm run -s`.',
  'target/invalid':
    'A value of a target file is none that the key takes, or does not fit the others. The message says what is expected.',
  'target/syntax':
    'The target file is not YAML, or not a map of keys. See `espalier targets trellis-16` for a complete one.',
  'target/unknown': 'There is no preset of that name, nor a file. Take the spelling that the hint suggests.',
  'target/unknown-key':
    'The target file has a key that does not exist. Take the spelling that the hint suggests.',
  'target/unreadable': 'The target file does not exist or cannot be read. Check its path.',
  'text/bad-escape': 'A string has an escape that JSON does not know. Escape as in JSON.',
  'text/bad-shape': 'A size of a shape is no number above zero. Write sizes of at least 1.',
  'text/blocks':
    'The blocks of a constant are no two sizes, or those in the file of weights make no sense. Write [output channels, input channels], and take the file that was written with the text.',
  'text/element-count': 'A constant lists another number of elements than its type has. List them all.',
  'text/no-sidecar':
    'Weights are read from a file that the text does not name, or that is not there. Keep the weights file beside the text.',
  'text/not-integer': 'A fraction stands where an integer is needed. Write a whole number.',
  'text/number-range': 'A number is none that the element type holds. Write one within its range.',
  'text/quantization':
    'Quantization parameters do not fit together. Give one scale and zero point, or one for each index of an axis.',
  'text/redefined': 'A name is given twice. Choose another.',
  'text/sidecar-name': 'The weights file is named with a path. Name a file in the same folder.',
  'text/sidecar-size':
    'The weights file is shorter than the text needs. Use the file that was written with this text.',
  'text/syntax':
    'The text does not follow the grammar of graphs. The message says what was expected in that place.',
  'text/type-count': 'A node has another number of types than results. Give one type a result.',
  'text/undefined-value':
    'A value is read before anything defines it. Check its name and the order of the nodes.',
  'text/unknown-attribute': 'The op has no attribute of that name. Take the spelling that the hint suggests.',
  'text/unknown-op': 'There is no such op. Take the spelling that the hint suggests.',
  'text/unknown-parameter': 'A type has a parameter that does not exist. Use scale, zp and axis.',
  'text/unknown-type': 'There is no such element type. Take the spelling that the hint suggests.',
  'tflite/bad-axis': "An axis lies outside the tensor's dimensions. Export the model again.",
  'tflite/bad-index': 'The file refers to a tensor or buffer that it does not have. Export the model again.',
  'tflite/bad-operator': 'An operator has operands or options that it cannot have. Export the model again.',
  'tflite/bad-option': 'An option of an operator has a value that does not exist. Export the model again.',
  'tflite/bad-scale': 'A quantization scale is not a finite number above zero. Quantize the model again.',
  'tflite/bad-shape':
    'Shapes do not fit together, or a size is not above zero. Export the model again, with fixed shapes.',
  'tflite/bad-slice': 'A slice begins or ends outside its tensor. Export the model again.',
  'tflite/bad-zero-point': 'A zero point lies outside the element type. Quantize the model again.',
  'tflite/corrupt': "The file's tables contradict each other. Fetch or export the model again.",
  'tflite/custom-quantization':
    "A tensor is quantized by a scheme of its own. Convert the model with TensorFlow Lite's standard quantization.",
  'tflite/data-size':
    'A buffer holds another number of bytes than its tensor needs. Fetch or export the model again.',
  'tflite/defined-twice': 'Two operators write one tensor, or one writes a constant. Export the model again.',
  'tflite/dynamic-operand':
    'A shape, axis or padding is computed while the model runs. Export the model with fixed shapes.',
  'tflite/external-buffer':
    "Data lie outside the file's tables, as in models above 2 GiB. Export the model with its weights inside.",
  'tflite/huge-shape': 'A tensor has more elements than can be held. Check the sizes in the model.',
  'tflite/large-sums':
    'A layer with int8 weights and float32 activations has so many large weights that float32 does not hold its sums. Quantize the model fully.',
  'tflite/no-subgraph': 'The file holds no graph. Export the model again.',
  'tflite/not-tflite':
    "The bytes do not carry TFLite's identifier. Give a `.tflite` file of schema version 3.",
  'tflite/schema-version':
    'The file follows another version of the TFLite schema than 3. Export the model again with a current converter.',
  'tflite/sparse-tensor':
    "A tensor is stored in TFLite's own sparse format. Convert it to dense: zeros are found again here.",
  'tflite/truncated': 'The file ends before a table or vector does. Fetch or export the model again.',
  'tflite/undefined-tensor': 'An operator reads a tensor that nothing has computed. Export the model again.',
  'tflite/unsupported-operator':
    'The model has operators that are not supported, custom ones perhaps; the notes list them. Leave them out of the model: run what surrounds it on the host.',
  'tflite/unsupported-option': 'An operator asks for something that is not supported. The message says what.',
  'tflite/unsupported-type':
    'A tensor is of an element type that is not supported. Quantize the model to int8.',
  'tflite/variable-tensor': 'The model keeps state between runs. Make the state an input and an output.',
  'trellis/memory-too-small':
    'A layer does not fit the memories of the target, however it is tiled. Give the target more memory, as the hint says.',
  'wasm/no-simd':
    'The JavaScript engine has no 128-bit SIMD for WebAssembly. Use Node 20.19 or later on a processor that has it, or `--backend reference`.',
  'wasm/unsupported':
    'An operator cannot be computed exactly in WebAssembly; the message says why. Run the model with `--backend reference`, or change the operator.',
  'wasm/variant-not-exact':
    'The engine does not execute that variant of a WebAssembly module exactly: it has no relaxed SIMD, or multiplies by bytes of the other sign. Leave the variant out, or use an engine that does.',
}
