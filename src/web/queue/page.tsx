/** Queue. */
const QueuePage = () => <h1>Queue</h1>;
export default QueuePage;
