/** A small chart of a team's waits by day: a bar for half of the people, a line above it for nine in ten. */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [280, 96];

function drawn(kind, attributes, ...children) {
	const node = document.createElementNS(SVG, kind);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

/** `days` are {median_wait, most_wait} in seconds or null, in order; `top` what the chart is high; `label` says what it shows. */
export function chart(days, top, label) {
	const step = WIDTH / Math.max(days.length, 7);
	const height = (seconds) => Math.max(2, (seconds / top) * (HEIGHT - 4));
	const marks = days.flatMap(({ median_wait: median, most_wait: most }, index) => {
		if (median === null) return [];
		const x = index * step + step * 0.15;
		const bar = drawn("rect", { class: "bar", x, y: HEIGHT - height(median), width: step * 0.7, height: height(median) });
		const above = drawn("path", { class: "most", d: `M${x} ${HEIGHT - height(most ?? median)}h${step * 0.7}` });
		return [bar, above];
	});
	const base = drawn("path", { class: "base", d: `M0 ${HEIGHT}H${WIDTH}` });
	return drawn("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${WIDTH} ${HEIGHT + 1}`, preserveAspectRatio: "none" }, base, ...marks);
}
