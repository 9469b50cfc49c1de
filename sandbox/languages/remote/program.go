// The program's end: it answers calls of its functions.

func main() {
	functions := map[string]rlvrReflect.Value{FUNCTIONS}
	for body := rlvrReceive(); body != nil; body = rlvrReceive() {
		rlvrSend(rlvrAnswer(functions, body))
	}
}

func rlvrAnswer(functions map[string]rlvrReflect.Value, body []byte) (reply []byte) {
	defer func() {
		if said := recover(); said != nil {
			rlvrOS.Stderr.WriteString(rlvrFmt.Sprintln("panic:", said))
			reply = []byte("E")
		}
	}()
	from := &rlvrReader{body}
	function := functions[string(from.take(from.count()))]
	kind := function.Type()
	given := []rlvrReflect.Value{}
	for n := 0; n < kind.NumIn(); n++ {
		given = append(given, rlvrGet(kind.In(n), from))
	}
	var made []rlvrReflect.Value
	if kind.IsVariadic() {
		made = function.CallSlice(given)
	} else {
		made = function.Call(given)
	}
	reply = []byte("A")
	for n, each := range made {
		held := rlvrReflect.New(kind.Out(n)).Elem()
		held.Set(each)
		reply = rlvrPut(reply, held)
	}
	for _, each := range given {
		if rlvrIsShared(each.Type()) {
			reply = rlvrPut(reply, each)
		}
	}
	return reply
}
