/** What the numbers in a TFLite file stand for. Source: tensorflow/lite/schema/schema.fbs (version 3c). */
import type { DType } from '../../../ir/dtype.ts'

/** TensorType, by number. */
export const TENSOR_TYPES: readonly { readonly name: string; readonly dtype?: DType }[] = [
  { name: 'FLOAT32', dtype: 'f32' },
  { name: 'FLOAT16' },
  { name: 'INT32', dtype: 'i32' },
  { name: 'UINT8', dtype: 'u8' },
  { name: 'INT64', dtype: 'i64' },
  { name: 'STRING' },
  { name: 'BOOL' },
  { name: 'INT16', dtype: 'i16' },
  { name: 'COMPLEX64' },
  { name: 'INT8', dtype: 'i8' },
  { name: 'FLOAT64' },
  { name: 'COMPLEX128' },
  { name: 'UINT64' },
  { name: 'RESOURCE' },
  { name: 'VARIANT' },
  { name: 'UINT32' },
  { name: 'UINT16' },
  { name: 'INT4' },
]

/** ActivationFunctionType, by number; those without an `activation` cannot be fused here. */
export const ACTIVATIONS: readonly { readonly name: string; readonly activation?: string }[] = [
  { name: 'NONE', activation: 'none' },
  { name: 'RELU', activation: 'relu' },
  { name: 'RELU_N1_TO_1', activation: 'relu_n1_to_1' },
  { name: 'RELU6', activation: 'relu6' },
  { name: 'TANH' },
  { name: 'SIGN_BIT' },
]

/** Padding, by number. */
export const PADDINGS: readonly string[] = ['SAME', 'VALID']

export const CUSTOM = 32

/** BuiltinOperator, by number. */
export const BUILTIN_OPERATORS: readonly string[] = [
  ...['ADD', 'AVERAGE_POOL_2D', 'CONCATENATION', 'CONV_2D', 'DEPTHWISE_CONV_2D', 'DEPTH_TO_SPACE'],
  ...['DEQUANTIZE', 'EMBEDDING_LOOKUP', 'FLOOR', 'FULLY_CONNECTED', 'HASHTABLE_LOOKUP', 'L2_NORMALIZATION'],
  ...[
    'L2_POOL_2D',
    'LOCAL_RESPONSE_NORMALIZATION',
    'LOGISTIC',
    'LSH_PROJECTION',
    'LSTM',
    'MAX_POOL_2D',
    'MUL',
  ],
  ...[
    'RELU',
    'RELU_N1_TO_1',
    'RELU6',
    'RESHAPE',
    'RESIZE_BILINEAR',
    'RNN',
    'SOFTMAX',
    'SPACE_TO_DEPTH',
    'SVDF',
  ],
  ...['TANH', 'CONCAT_EMBEDDINGS', 'SKIP_GRAM', 'CALL', 'CUSTOM', 'EMBEDDING_LOOKUP_SPARSE', 'PAD'],
  ...['UNIDIRECTIONAL_SEQUENCE_RNN', 'GATHER', 'BATCH_TO_SPACE_ND', 'SPACE_TO_BATCH_ND', 'TRANSPOSE', 'MEAN'],
  ...['SUB', 'DIV', 'SQUEEZE', 'UNIDIRECTIONAL_SEQUENCE_LSTM', 'STRIDED_SLICE', 'BIDIRECTIONAL_SEQUENCE_RNN'],
  ...['EXP', 'TOPK_V2', 'SPLIT', 'LOG_SOFTMAX', 'DELEGATE', 'BIDIRECTIONAL_SEQUENCE_LSTM', 'CAST', 'PRELU'],
  ...['MAXIMUM', 'ARG_MAX', 'MINIMUM', 'LESS', 'NEG', 'PADV2', 'GREATER', 'GREATER_EQUAL', 'LESS_EQUAL'],
  ...[
    'SELECT',
    'SLICE',
    'SIN',
    'TRANSPOSE_CONV',
    'SPARSE_TO_DENSE',
    'TILE',
    'EXPAND_DIMS',
    'EQUAL',
    'NOT_EQUAL',
  ],
  ...['LOG', 'SUM', 'SQRT', 'RSQRT', 'SHAPE', 'POW', 'ARG_MIN', 'FAKE_QUANT', 'REDUCE_PROD', 'REDUCE_MAX'],
  ...['PACK', 'LOGICAL_OR', 'ONE_HOT', 'LOGICAL_AND', 'LOGICAL_NOT', 'UNPACK', 'REDUCE_MIN', 'FLOOR_DIV'],
  ...['REDUCE_ANY', 'SQUARE', 'ZEROS_LIKE', 'FILL', 'FLOOR_MOD', 'RANGE', 'RESIZE_NEAREST_NEIGHBOR'],
  ...['LEAKY_RELU', 'SQUARED_DIFFERENCE', 'MIRROR_PAD', 'ABS', 'SPLIT_V', 'UNIQUE', 'CEIL', 'REVERSE_V2'],
  ...['ADD_N', 'GATHER_ND', 'COS', 'WHERE', 'RANK', 'ELU', 'REVERSE_SEQUENCE', 'MATRIX_DIAG', 'QUANTIZE'],
  ...['MATRIX_SET_DIAG', 'ROUND', 'HARD_SWISH', 'IF', 'WHILE', 'NON_MAX_SUPPRESSION_V4'],
  ...['NON_MAX_SUPPRESSION_V5', 'SCATTER_ND', 'SELECT_V2', 'DENSIFY', 'SEGMENT_SUM', 'BATCH_MATMUL'],
  ...['PLACEHOLDER_FOR_GREATER_OP_CODES', 'CUMSUM', 'CALL_ONCE', 'BROADCAST_TO', 'RFFT2D', 'CONV_3D', 'IMAG'],
  ...[
    'REAL',
    'COMPLEX_ABS',
    'HASHTABLE',
    'HASHTABLE_FIND',
    'HASHTABLE_IMPORT',
    'HASHTABLE_SIZE',
    'REDUCE_ALL',
  ],
  ...['CONV_3D_TRANSPOSE', 'VAR_HANDLE', 'READ_VARIABLE', 'ASSIGN_VARIABLE', 'BROADCAST_ARGS'],
  ...['RANDOM_STANDARD_NORMAL', 'BUCKETIZE', 'RANDOM_UNIFORM', 'MULTINOMIAL', 'GELU', 'DYNAMIC_UPDATE_SLICE'],
  ...['RELU_0_TO_1', 'UNSORTED_SEGMENT_PROD', 'UNSORTED_SEGMENT_MAX', 'UNSORTED_SEGMENT_SUM', 'ATAN2'],
  ...['UNSORTED_SEGMENT_MIN', 'SIGN', 'BITCAST', 'BITWISE_XOR', 'RIGHT_SHIFT'],
]
