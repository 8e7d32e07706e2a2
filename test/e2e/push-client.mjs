/** The command line of a stand-in for what runs jobs on nodes: `start`, `status ID`, `end ID`, at PUSH_URL. */
const [what, id = ''] = process.argv.slice(2);
const method = { start: 'POST', status: 'GET', end: 'DELETE' }[what];
const answer = await fetch(`${process.env.PUSH_URL}/${id}`, { method });
process.stdout.write(await answer.text());
