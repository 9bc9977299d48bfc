/** What was done in a case, in words: by whom, to whom, why. */

import { language, texts, word } from "./language.js";

export const titleOfTeam = (name, desk) => desk.teams.find((team) => team.name === name)?.title[language] ?? name;

const nameOf = (id, desk) => desk.agents.find((agent) => agent.id === id)?.name ?? texts.somebody;

/** Whether a line tells what was done, not what was said. */
export const isStep = ({ kind }) => Object.hasOwn(texts.did, kind);

export function step({ kind, agent, about }, me, desk) {
	const own = agent?.id === me.id;
	const to = [about?.team && titleOfTeam(about.team, desk), about?.to && nameOf(about.to, desk)].filter(Boolean).join(", ");
	const who = own ? texts.youDid : (agent?.name ?? texts.somebody);
	return texts.did[kind]({ who, own, to, channel: about?.channel ? word("channels", about.channel) : "" });
}

/** Why it was opened, how it ended, or what was said with it. */
export function explained({ text, about }) {
	const why = about?.because && word("because", about.because);
	const end = about?.outcome && word("outcomes", about.outcome);
	return [why || end, text].filter(Boolean).join(" · ");
}
