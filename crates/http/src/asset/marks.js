// Strokes of the brush: { tool, radius, points }, in pixels of the upright image; and the marks that they leave.

const MOST = 2048; // pixels of the longer side of marks: they are stretched over the image

/** Draws strokes on a canvas that shows the image `scale` times as large. */
export function draw(context, strokes, scale, colour) {
  for (const { tool, radius, points } of strokes) {
    const { paint, operation } = colour(tool);
    Object.assign(context, { strokeStyle: paint, globalCompositeOperation: operation, lineWidth: 2 * radius * scale, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x * scale, y * scale);
    const [x, y] = points.at(-1);
    context.lineTo(x * scale + 0.01, y * scale); // a line of no length is not drawn, and a single point is a dot
    context.stroke();
  }
}

/** The factor that makes an image no larger than marks are. */
export const reduction = (width, height) => Math.min(1, MOST / Math.max(width, height));

/** The PNG files { keep, erase } of the marks over an image; null where there are none. A later stroke takes an earlier one's place. */
export async function marks(strokes, image) {
  const bitmap = await createImageBitmap(image);
  const { width, height } = bitmap;
  bitmap.close();
  const scale = reduction(width, height);
  const made = async (wanted) => {
    if (!strokes.some(({ tool }) => tool === wanted)) return null;
    const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    const canvas = Object.assign(document.createElement("canvas"), size);
    draw(canvas.getContext("2d"), strokes, scale, (tool) =>
      ({ paint: "#fff", operation: tool === wanted ? "source-over" : "destination-out" }));
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
  return { keep: await made("keep"), erase: await made("erase") };
}
