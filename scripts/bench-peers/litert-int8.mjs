/**
 * LiteRT.js can run networks of int8 tensors but refuses to name their type: its table of element types ends at uint8, and
 * loading such a model fails with "Element type INT8 is not supported". The server adds the missing row to what it sends.
 */

/** The table's last row, as it stands in dist/index.js of @litertjs/core. */
const LAST_ROW = `  {
    dtype: "uint8",
    typedArrayConstructor: Uint8Array,
    elementType: ElementType.UINT8
  }
]);`

const WITH_INT8 = `  {
    dtype: "uint8",
    typedArrayConstructor: Uint8Array,
    elementType: ElementType.UINT8
  },
  {
    dtype: "int8",
    typedArrayConstructor: Int8Array,
    elementType: ElementType.INT8
  }
]);`

/** The source of LiteRT.js with a row for int8. Throws where the table is not what it is known to be. */
export function withInt8(source) {
  const parts = source.split(LAST_ROW)
  if (parts.length !== 2)
    throw new Error(
      `the table of element types of @litertjs/core is found ${parts.length - 1} times, not once: this version needs another patch`,
    )
  return parts.join(WITH_INT8)
}
