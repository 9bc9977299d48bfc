/** About how many parts a text message is carried and paid in; the channel itself counts exactly. */

const BASIC =
	"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const DOUBLE = "^{}\\[~]|€"; // carried as two each
const SETTLED = { "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ", "›": ">", "œ": "oe" };

/** {parts, units}: of GSM-7 a part holds 160, or 153 of several; of all else 70, or 67. */
export function segments(text) {
	const settled = text.replace(/[ \u00a0\u202f]?»|«[ \u00a0\u202f]?/g, '"').replace(/[’‘“”–—…\u00a0\u202f›œ]/g, (one) => SETTLED[one]);
	const gsm = [...settled].every((one) => BASIC.includes(one) || DOUBLE.includes(one));
	const units = gsm ? [...settled].reduce((sum, one) => sum + (DOUBLE.includes(one) ? 2 : 1), 0) : text.length;
	const [alone, several] = gsm ? [160, 153] : [70, 67];
	return { units, parts: units <= alone ? Math.min(1, units) : Math.ceil(units / several) };
}
